//! One POST to the token endpoint (RFC 6749 section 3.2): written once, on its own connection, no redirect.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{Error, OAuthErrorCode, Result};
use crate::http::{Connector, OpenConnection, network_error};
use crate::oauth::grant::{Field, TokenRequest, description as shown_description, read_answer};
use crate::secret::Redactor;
use crate::token::TokenSet;

/// How long an answer may take. Long, since giving up on a slow answer loses a one-time refresh token.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(60);
/// No token answer is longer; more is somebody else's page.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A token endpoint.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    url: Url,
    connector: Connector,
}

impl PartialEq for TokenEndpoint {
    /// Whether it is the same endpoint, reached in the same way.
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.connector.options() == other.connector.options()
    }
}

impl Hash for TokenEndpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.url, self.connector.options()).hash(state);
    }
}

impl TokenEndpoint {
    /// The endpoint at `url`, which must be one that secrets may be sent to.
    pub fn new(url: Url, connector: &Connector) -> Self {
        Self { url, connector: connector.clone() }
    }

    /// Opens a connection for one exchange. What fails here has cost nothing: no byte of an exchange was sent.
    pub async fn connect(&self) -> Result<TokenConnection> {
        let connection = OpenConnection::open(&self.connector, &self.url).await.map_err(exchange_error)?;
        Ok(TokenConnection { url: self.url.clone(), connection })
    }
}

/// An open connection to a token endpoint.
pub struct TokenConnection {
    url: Url,
    connection: OpenConnection,
}

/// Stub.
pub fn read_tokens(
    answer: &crate::http::Answer,
    sent: crate::clock::Moment,
    _: Option<&crate::token::RefreshToken>,
) -> Result<TokenSet> {
    let status = http::StatusCode::from_u16(answer.status().unwrap_or(500)).unwrap_or_default();
    read_answer(status, answer.body(), sent)
}
/// Stub.
pub fn read_client(
    answer: &crate::http::Answer,
    authentication: ClientAuthentication,
) -> Result<OAuthClient> {
    let value: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    if answer.status().is_none_or(|s| s > 299) || text("clientId").is_empty() {
        return Err(Error::InvalidResponse {
            problem: "it holds no usable clientId and clientSecret".into(),
        });
    }
    OAuthClient::new(text("clientId"), text("clientSecret"), authentication)
}
/// Stub.
pub fn is_worth_keeping(answer: &crate::http::Answer, _: Option<&crate::token::RefreshToken>) -> bool {
    answer.status().is_some_and(|s| (200..300).contains(&s))
}

impl TokenConnection {
    /// Stub.
    pub async fn ask(
        self,
        client: &OAuthClient,
        request: TokenRequest<'_>,
        _clock: &dyn Clock,
    ) -> Result<crate::http::Answer> {
        let fields = request.fields();
        let answer = tokio::time::timeout(RESPONSE_DEADLINE, self.post(client, &fields)).await;
        let (status, body) = match answer {
            Ok(answer) => answer?,
            Err(_) => return Err(unavailable("no answer within 60 seconds".into(), true, None)),
        };
        let mut bytes = format!("HTTP/1.1 {} x\r\n\r\n", status.as_u16()).into_bytes();
        bytes.extend_from_slice(&body);
        Ok(crate::http::Answer::from_bytes(bytes))
    }

    /// Exchanges once. Runs to its end whoever waits for it: spawn it, never drop it.
    pub async fn exchange(
        self,
        client: &OAuthClient,
        request: TokenRequest<'_>,
        clock: &dyn Clock,
    ) -> Result<TokenSet> {
        let sent = clock.now();
        let fields = request.fields();
        let answer = tokio::time::timeout(RESPONSE_DEADLINE, self.post(client, &fields)).await;
        let (status, body) = match answer {
            Ok(answer) => answer?,
            Err(_) => return Err(unavailable("no answer within 60 seconds".into(), true, None)),
        };
        read_answer(status, &body, sent).map_err(|error| without_echo(error, client, &fields))
    }

    async fn post(
        self,
        client: &OAuthClient,
        fields: &[(&'static str, Field<'_>)],
    ) -> Result<(http::StatusCode, Zeroizing<Vec<u8>>)> {
        let form = form(client, fields);
        let mut request = reqwest::Request::new(http::Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if client.authentication == ClientAuthentication::Basic {
            headers.insert(AUTHORIZATION, basic(client)?);
        }
        *request.body_mut() = Some(reqwest::Body::from(form.as_bytes().to_vec()));
        let mut response = self.connection.send(request).await.map_err(exchange_error)?;
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) =
            response.chunk().await.map_err(|error| exchange_error(network_error(error)))?
        {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Error::TokenInvalid { problem: "it is longer than 64 KiB".into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), body))
    }
}

fn form(client: &OAuthClient, fields: &[(&'static str, Field<'_>)]) -> Zeroizing<String> {
    let mut form = Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, expose(*value));
    }
    if client.authentication == ClientAuthentication::Body {
        form.append_pair("client_id", &client.id).append_pair("client_secret", client.secret.expose());
    }
    Zeroizing::new(form.finish())
}

/// Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn basic(client: &OAuthClient) -> Result<HeaderValue> {
    let pair = Zeroizing::new(format!(
        "{}:{}",
        byte_serialize(client.id.as_bytes()).collect::<String>(),
        byte_serialize(client.secret.expose().as_bytes()).collect::<String>()
    ));
    let mut value =
        HeaderValue::from_str(&Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes()))))
            .map_err(|_| Error::Internal { problem: "base64 is not a header value" })?;
    value.set_sensitive(true);
    Ok(value)
}

fn expose(field: Field<'_>) -> &str {
    match field {
        Field::Plain(text) => text,
        Field::Secret(secret) => secret.expose(),
    }
}

fn exchange_error(source: Error) -> Error {
    let sent = !matches!(source, Error::Network { sent: false, .. } | Error::ConnectTimeout);
    unavailable(source.to_string().into(), sent, Some(Box::new(source)))
}

fn unavailable(problem: std::borrow::Cow<'static, str>, sent: bool, source: Option<Box<Error>>) -> Error {
    Error::TokenUnavailable { problem, status: None, sent, source }
}

/// A server may quote what it was sent: its error is kept without that.
fn without_echo(error: Error, client: &OAuthClient, fields: &[(&'static str, Field<'_>)]) -> Error {
    let Error::TokenRefused { error, description, status } = error else { return error };
    let secrets = fields.iter().filter(|(_, field)| matches!(field, Field::Secret(_)));
    let secrets = secrets.map(|(_, field)| expose(*field)).chain([client.secret.expose()]);
    let redactor = Redactor::new(secrets);
    // A code of RFC 6749 says nothing of a secret, whatever words that has.
    let quotes = error.is_passing() && redactor.redact(error.as_str()) != error.as_str();
    let error = if quotes { OAuthErrorCode::unreadable() } else { error };
    // Cut last: half a quote at the cut would be none that is recognised.
    let shown = description.map(|text| shown_description(&redactor.redact(&text)));
    Error::TokenRefused { error, description: shown, status }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::token::RefreshToken;

    fn client(authentication: ClientAuthentication) -> OAuthClient {
        OAuthClient { id: "id é".to_owned(), secret: Secret::new("s&cret+:"), authentication }
    }

    #[test]
    fn forms_are_those_of_rfc_6749() {
        let (code, verifier) = (Secret::new("c/1"), Secret::new("v"));
        let request = TokenRequest::AuthorizationCode {
            code: &code,
            redirect_uri: Some("http://localhost:3000/cb"),
            code_verifier: Some(&verifier),
        };
        assert_eq!(
            *form(&client(ClientAuthentication::Body), &request.fields()),
            "grant_type=authorization_code&code=c%2F1&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcb&code_verifier=v\
             &client_id=id+%C3%A9&client_secret=s%26cret%2B%3A"
        );
        assert_eq!(
            *form(&client(ClientAuthentication::Basic), &TokenRequest::ClientCredentials.fields()),
            "grant_type=client_credentials"
        );
    }

    #[test]
    fn basic_authentication_is_encoded_and_sensitive() {
        let value = basic(&client(ClientAuthentication::Basic)).unwrap();
        let pair = STANDARD.decode(value.to_str().unwrap().trim_start_matches("Basic ")).unwrap();
        assert_eq!(String::from_utf8(pair).unwrap(), "id+%C3%A9:s%26cret%2B%3A");
        assert!(value.is_sensitive());
    }

    #[test]
    fn what_a_server_quotes_of_a_secret_is_not_shown() {
        let token = RefreshToken(Secret::new("rt-canary-0123456789"));
        let fields = TokenRequest::RefreshToken(&token).fields();
        let client = client(ClientAuthentication::Basic);
        let shown = |code: &str, description: &str| {
            let refused = Error::TokenRefused {
                error: OAuthErrorCode::Other(code.to_owned()),
                description: Some(description.to_owned()),
                status: 400,
            };
            match without_echo(refused, &client, &fields) {
                Error::TokenRefused { error, description, .. } => (error.to_string(), description.unwrap()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(shown("slow_down", "token was used"), ("slow_down".into(), "token was used".into()));
        assert_eq!(shown("x", "token rt-canary-0123456789 was used").1, "token [redacted] was used");
        assert_eq!(
            shown("x", "wrong s&cret+: in form s%26cret%2B%3A").1,
            "wrong [redacted] in form [redacted]"
        );
        assert_eq!(shown("rt-canary-0123456789", "").0, "unreadable_error_code");
        let grant = RefreshToken(Secret::new("invalid"));
        let refused =
            Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, description: None, status: 400 };
        let kept = without_echo(refused, &client, &TokenRequest::RefreshToken(&grant).fields());
        assert!(matches!(kept, Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, .. }), "{kept:?}");
        let header = basic(&client).unwrap();
        let quoted = shown("x", header.to_str().unwrap()).1;
        assert!(quoted.ends_with("[redacted]"), "{quoted}");
    }
}

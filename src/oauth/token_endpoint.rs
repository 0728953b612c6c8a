//! One POST to the token endpoint (RFC 6749 section 3.2). It is sent once on its own connection, and redirects are not
//! followed.

use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{Error, Result};
use crate::http::{Answer, Connector, OpenConnection};
use crate::oauth::token_answer::read_tokens;
use crate::oauth::token_request::{Field, TokenRequest};
use crate::token::TokenSet;

/// A token endpoint, and how it is reached.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    url: Url,
    connector: Connector,
}

impl PartialEq for TokenEndpoint {
    /// Whether both are the same endpoint, reached in the same way.
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
    /// The endpoint at `url`. Secrets are sent there, so it must be a checked URL.
    pub fn new(url: Url, connector: &Connector) -> Self {
        Self { url, connector: connector.clone() }
    }

    /// Opens a connection for one exchange. A failure here costs nothing, since no byte of an exchange was sent.
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

impl TokenConnection {
    /// Sends the exchange once, and returns the answer as it was received, so that it can be stored before it is read.
    /// This future must run to its end: spawn it, and never drop it.
    ///
    /// Fails with [`Error::TokenUnavailable`], and only if nothing of an answer arrived.
    pub async fn ask(self, client: &OAuthClient, request: TokenRequest<'_>) -> Result<Answer> {
        let fields = request.fields();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if client.authentication == ClientAuthentication::Basic {
            headers.insert(AUTHORIZATION, basic(client)?);
        }
        let form = form(client, &fields);
        let answer = self.connection.post(&self.url, &headers, form.as_bytes()).await;
        // A server may quote the secrets that were sent to it.
        let secrets = fields.iter().filter(|(_, field)| matches!(field, Field::Secret(_)));
        let secrets = secrets.map(|(_, field)| expose(*field)).chain([client.secret.expose()]);
        answer.map(|answer| answer.hiding(secrets)).map_err(exchange_error)
    }

    /// Sends the exchange once, and reads the answer. Only for tokens that can be requested again, since other answers
    /// must be stored first.
    pub async fn exchange(
        self,
        client: &OAuthClient,
        request: TokenRequest<'_>,
        clock: &dyn Clock,
    ) -> Result<TokenSet> {
        let sent = clock.now();
        let answer = self.ask(client, request).await?;
        read_tokens(&answer, sent, request.refresh_token())
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

/// The Basic authorization of a client. Id and secret are form-encoded before they are joined (RFC 6749 section 2.3.1).
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
    let (problem, sent) = match &source {
        Error::Timeout { limit, .. } => (format!("no answer within {} seconds", limit.as_secs()), true),
        Error::Network { sent, .. } => (source.to_string(), *sent),
        Error::ConnectTimeout { .. } => (source.to_string(), false),
        _ => (source.to_string(), true),
    };
    Error::TokenUnavailable {
        problem: problem.into(),
        status: None,
        answer: Box::default(),
        sent,
        source: Some(Box::new(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::error::OAuthErrorCode;
    use crate::secret::Secret;

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
        let shown = |code: &str, description: &str, secrets: [&str; 2]| {
            let body = serde_json::json!({ "error": code, "error_description": description });
            let answer = format!("HTTP/1.1 400 Bad Request\r\n\r\n{body}").into_bytes();
            let answer = Answer::from_bytes(answer).hiding(secrets);
            match read_tokens(&answer, ManualClock::new().now(), None).unwrap_err() {
                Error::TokenRefused { error, answer, .. } => (error, answer.description.unwrap_or_default()),
                other => panic!("{other:?}"),
            }
        };
        let secrets = ["rt-canary-0123456789", "s&cret+:"];
        let words = |code: &str, description: &str| shown(code, description, secrets).1;
        assert_eq!(words("slow_down", "token was used"), "token was used");
        assert_eq!(words("x", "token rt-canary-0123456789 was used"), "token [redacted] was used");
        assert_eq!(
            words("x", "wrong s&cret+: in form s%26cret%2B%3A"),
            "wrong [redacted] in form [redacted]"
        );
        assert_eq!(shown("rt-canary-0123456789", "", secrets).0, OAuthErrorCode::unreadable());
        assert_eq!(shown("invalid_grant", "", ["invalid", "grant"]).0, OAuthErrorCode::InvalidGrant);
        let header = basic(&client(ClientAuthentication::Basic)).unwrap();
        assert!(words("x", header.to_str().unwrap()).ends_with("[redacted]"));
    }
}

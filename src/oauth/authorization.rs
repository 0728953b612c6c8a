//! The authorization request and its callback (RFC 6749 section 4.1, RFC 7636, RFC 9207). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hmac};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::error::{Error, OAuthErrorCode, Result};
use crate::oauth::refusal::description;
use crate::random;
use crate::secret::Secret;

/// How authorization requests are made and their callbacks checked.
#[derive(Debug, Clone)]
pub struct AuthorizationEndpoint {
    /// The URL of the authorization endpoint. `None` for the sandbox, for which the vendor documents none.
    pub url: Option<Url>,
    /// One of the app's registered redirect URIs. The vendor compares it letter for letter.
    pub redirect_uri: String,
    /// Whether to send a PKCE challenge (RFC 7636, S256).
    pub pkce: bool,
    /// Whether to send `response_type=code`. RFC 6749 requires it, but the vendor's examples lack it.
    pub send_response_type: bool,
    /// The issuer that each callback must name (RFC 9207). Set it only if the server names one.
    pub issuer: Option<String>,
}

/// An authorization request for a browser, and the state that its callback must return.
#[derive(Debug, Clone)]
pub struct AuthorizationUrl {
    /// The URL to send the browser to.
    pub url: String,
    /// The state: 256 random bits, followed by a dot and the scopes if they differ from the app's own. Keep it in the
    /// user's session until the callback.
    pub state: String,
}

/// A checked callback with its code.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The authorization code.
    pub code: Secret,
    /// The PKCE code verifier of the code, if PKCE is used.
    pub code_verifier: Option<Secret>,
    /// The scopes that the authorization request named, if they differ from the app's own.
    pub scopes: Option<Vec<String>>,
}

impl AuthorizationEndpoint {
    /// Creates an authorization request. If `scopes` is empty, the parameter is left out, since the vendor refuses
    /// `scope=`. With `remember_scopes`, the state contains the scopes, since the answer to the exchange need not name
    /// them.
    pub fn request(
        &self,
        client_id: &str,
        secret: &Secret,
        scopes: &[String],
        remember_scopes: bool,
    ) -> Result<AuthorizationUrl> {
        let mut url = self.url.clone().ok_or_else(|| {
            Error::configuration("authorizeUrl", "must be given: the vendor documents none for its sandbox")
        })?;
        let mut state = random::text::<32>()?;
        if remember_scopes {
            state = format!("{state}.{}", URL_SAFE_NO_PAD.encode(scopes.join(" ")));
        }
        {
            let mut query = url.query_pairs_mut();
            if self.send_response_type {
                query.append_pair("response_type", "code");
            }
            query.append_pair("client_id", client_id).append_pair("redirect_uri", &self.redirect_uri);
            if !scopes.is_empty() {
                query.append_pair("scope", &scopes.join(" "));
            }
            query.append_pair("state", &state);
            if self.pkce {
                let challenge = code_challenge(&code_verifier(secret, &state));
                query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
            }
        }
        Ok(AuthorizationUrl { url: url.into(), state })
    }

    /// Checks a callback: the URL of the browser's request to the redirect URI, its path and query, or its query alone.
    /// Fails with [`Error::CallbackRefused`] or [`Error::AuthorizationDenied`].
    pub fn callback(&self, secret: &Secret, callback: &str, state: &str) -> Result<Callback> {
        let query = callback.split_once('?').map_or(callback, |(_, query)| query);
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let mut found = Found::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            found.take(&key, value.into_owned())?;
        }
        // The state is checked first, since even the error in a forged callback must not be reported.
        let returned = found.state.ok_or_else(|| refused("it has no state; let the user begin again"))?;
        if state.is_empty() || !bool::from(returned.as_bytes().ct_eq(state.as_bytes())) {
            return Err(refused(
                "its state is not the one of this user's authorization request; let the user begin again",
            ));
        }
        if let Some(issuer) = &self.issuer
            && found.iss.as_ref() != Some(issuer)
        {
            return Err(refused("its iss is missing, or not the configured issuer"));
        }
        if let Some(error) = found.error {
            return Err(Error::AuthorizationDenied {
                error: OAuthErrorCode::parse(&error),
                description: found.error_description.as_deref().map(description),
            });
        }
        let code = found
            .code
            .filter(|code| !code.is_empty())
            .ok_or_else(|| refused("it has no code; let the user begin again"))?;
        let code_verifier = self.pkce.then(|| code_verifier(secret, state));
        Ok(Callback { code: Secret::new(code), code_verifier, scopes: scopes_of(state) })
    }
}

/// The scopes in a state of [`AuthorizationEndpoint::request`], if it has any.
fn scopes_of(state: &str) -> Option<Vec<String>> {
    let (_, scopes) = state.split_once('.')?;
    let scopes = String::from_utf8(URL_SAFE_NO_PAD.decode(scopes).ok()?).ok()?;
    Some(scopes.split(' ').map(str::to_owned).collect())
}

#[derive(Default)]
struct Found {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Found {
    /// Stores a parameter. None may appear twice (RFC 6749 section 3.1): with two states, it would be unclear which one
    /// was checked.
    fn take(&mut self, key: &str, value: String) -> Result<()> {
        let place = match key {
            "code" => &mut self.code,
            "state" => &mut self.state,
            "iss" => &mut self.iss,
            "error" => &mut self.error,
            "error_description" => &mut self.error_description,
            _ => return Ok(()),
        };
        if place.replace(value).is_some() {
            return Err(refused("it has a parameter twice"));
        }
        Ok(())
    }
}

fn refused(problem: &'static str) -> Error {
    Error::CallbackRefused { problem: problem.into() }
}

/// The verifier of the request with this `state`. It is derived, so that it need not be stored between the two halves
/// of the flow, which may run in different processes. It has 256 bits that only the holder of the client secret can
/// compute, as 43 characters; RFC 7636 section 4.1 requires 43 to 128 unreserved ones.
fn code_verifier(secret: &Secret, state: &str) -> Secret {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(b"smartrecruiters code_verifier ");
    context.update(state.as_bytes());
    Secret::new(URL_SAFE_NO_PAD.encode(context.sign()))
}

/// The code challenge of a verifier (RFC 7636 section 4.2).
fn code_challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::error::ErrorCode;

    fn endpoint() -> AuthorizationEndpoint {
        AuthorizationEndpoint {
            url: Some(Url::parse("https://www.example.com/identity/oauth/allow").unwrap()),
            redirect_uri: "http://localhost:3000/cb".to_owned(),
            pkce: false,
            send_response_type: true,
            issuer: None,
        }
    }

    fn query(url: &str) -> HashMap<String, String> {
        Url::parse(url).unwrap().query_pairs().into_owned().collect()
    }

    fn callback_code(endpoint: &AuthorizationEndpoint, callback: &str, state: &str) -> ErrorCode {
        endpoint.callback(&Secret::new("s"), callback, state).unwrap_err().code()
    }

    #[test]
    fn the_request_has_what_rfc_6749_asks_for_and_no_empty_scope() {
        let request = endpoint().request("cid", &Secret::new("s"), &[], false).unwrap();
        let found = query(&request.url);
        assert_eq!(found["response_type"], "code");
        assert_eq!(found["client_id"], "cid");
        assert_eq!(found["redirect_uri"], "http://localhost:3000/cb");
        assert_eq!(found["state"], request.state);
        assert!(!found.contains_key("scope") && !found.contains_key("code_challenge"));

        let endpoint = AuthorizationEndpoint { send_response_type: false, ..endpoint() };
        let request = endpoint
            .request("cid", &Secret::new("s"), &["jobs_read".into(), "candidates_read".into()], true)
            .unwrap();
        assert_eq!(query(&request.url)["scope"], "jobs_read candidates_read");
        assert!(!query(&request.url).contains_key("response_type"));
    }

    #[test]
    fn every_state_is_new_and_has_256_bits() {
        let states: HashSet<_> = (0..1000)
            .map(|_| endpoint().request("c", &Secret::new("s"), &[], false).unwrap().state)
            .collect();
        assert_eq!(states.len(), 1000);
        assert!(states.iter().all(|state| URL_SAFE_NO_PAD.decode(state).unwrap().len() == 32));
    }

    #[test]
    fn the_verifier_matches_the_challenge_and_is_never_the_state() {
        let endpoint = AuthorizationEndpoint { pkce: true, ..endpoint() };
        let secret = Secret::new("s");
        let request = endpoint.request("cid", &secret, &[], false).unwrap();
        let callback = endpoint
            .callback(&secret, &format!("/cb?code=c&state={}", request.state), &request.state)
            .unwrap();
        let verifier = callback.code_verifier.unwrap();
        assert_eq!(query(&request.url)["code_challenge"], code_challenge(&verifier));
        assert_eq!(query(&request.url)["code_challenge_method"], "S256");
        assert_eq!(verifier.expose().len(), 43);
        assert_ne!(verifier.expose(), request.state);
        assert_ne!(verifier, code_verifier(&Secret::new("other"), &request.state));
    }

    #[test]
    fn rfc_7636_appendix_b() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(code_challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_callback_is_taken_whole_or_in_part() {
        for callback in [
            "http://localhost:3000/cb?code=a%2Fb&state=st",
            "/cb?state=st&code=a%2Fb#_",
            "code=a%2Fb&state=st",
        ] {
            let found = endpoint().callback(&Secret::new("s"), callback, "st").unwrap();
            assert_eq!(found.code, Secret::new("a/b"));
        }
    }

    #[test]
    fn a_callback_of_somebody_else_is_refused() {
        for (callback, state) in [
            ("/cb?code=c", "st"),
            ("/cb?code=c&state=other", "st"),
            ("/cb?code=c&state=", ""),
            ("/cb?code=c&state=st&state=st", "st"),
            ("/cb?code=c&code=d&state=st", "st"),
            ("/cb?state=st", "st"),
            ("/cb?code=&state=st", "st"),
            ("/cb?error=access_denied&state=other", "st"),
            ("", "st"),
        ] {
            assert_eq!(callback_code(&endpoint(), callback, state), ErrorCode::CallbackRefused, "{callback}");
        }
    }

    #[test]
    fn a_refusal_of_the_user_is_told() {
        let error = endpoint()
            .callback(
                &Secret::new("s"),
                "/cb?error=access_denied&error_description=No%20thanks&state=st",
                "st",
            )
            .unwrap_err();
        assert!(
            matches!(error, Error::AuthorizationDenied { error, description: Some(text) } if error.as_str() == "access_denied" && text == "No thanks")
        );
    }

    #[test]
    fn a_promised_issuer_must_be_there_and_right() {
        let endpoint = AuthorizationEndpoint { issuer: Some("https://as.example".into()), ..endpoint() };
        let secret = Secret::new("s");
        assert!(endpoint.callback(&secret, "/cb?code=c&state=st&iss=https%3A%2F%2Fas.example", "st").is_ok());
        for iss in ["", "&iss=https%3A%2F%2Fas.example%2F", "&iss=https%3A%2F%2Fevil.example"] {
            let callback = format!("/cb?code=c&state=st{iss}");
            assert_eq!(callback_code(&endpoint, &callback, "st"), ErrorCode::CallbackRefused, "{callback}");
        }
    }
}

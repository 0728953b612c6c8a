//! The callbacks of authorization requests. An input is a line with the expected state, and then the callback.

use std::sync::LazyLock;

use smartrecruiters::error::{Error, ErrorCode};
use smartrecruiters::oauth::AuthorizationEndpoint;
use smartrecruiters::secret::Secret;
use url::form_urlencoded;

const CLIENT_SECRET: &str = "canary-client-secret";

static ENDPOINT: LazyLock<AuthorizationEndpoint> = LazyLock::new(|| AuthorizationEndpoint {
    url: None,
    redirect_uri: "http://localhost:3000/callback".to_owned(),
    pkce: true,
    send_response_type: true,
    issuer: None,
});
static WITH_ISSUER: LazyLock<AuthorizationEndpoint> = LazyLock::new(|| AuthorizationEndpoint {
    issuer: Some("https://as.example".to_owned()),
    ..ENDPOINT.clone()
});
static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(CLIENT_SECRET));

pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (state, callback) = text.split_once('\n').unwrap_or(("", &text));
    for endpoint in [&ENDPOINT, &WITH_ISSUER] {
        check_callback(endpoint, state, callback);
    }
    check_round_trip(state, callback);
}

fn check_callback(endpoint: &AuthorizationEndpoint, state: &str, callback: &str) {
    let query = callback.split_once('?').map_or(callback, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let values = |name: &str| -> Vec<_> {
        pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_ref()).collect()
    };
    let is_ours = !state.is_empty() && values("state") == [state];
    let is_issuer = endpoint.issuer.is_none() || values("iss") == ["https://as.example"];
    match endpoint.callback(&SECRET, callback, state) {
        Ok(read) => {
            assert!(is_ours && is_issuer && values("error").is_empty(), "a foreign callback was accepted");
            assert!(!read.code.is_empty() && values("code") == [read.code.expose()]);
            let verifier = read.code_verifier.as_ref().expect("PKCE is on");
            assert_eq!(verifier.expose().len(), 43);
            assert!(read.scopes.is_none() || state.contains('.'));
        }
        Err(error @ Error::AuthorizationDenied { .. }) => {
            assert!(is_ours && is_issuer, "the error of a foreign callback was reported");
            let Error::AuthorizationDenied { description, .. } = &error else { return };
            let description = description.as_deref().unwrap_or_default();
            assert!(description.chars().count() <= 300 && !description.chars().any(char::is_control));
        }
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::CallbackRefused);
            let printed = format!("{error} {error:?}");
            assert!(!printed.contains(CLIENT_SECRET) && !printed.contains("canary-code"), "{printed}");
        }
    }
}

/// Any code and any state survive their way through a URL.
fn check_round_trip(state: &str, code: &str) {
    if state.is_empty() || code.is_empty() {
        return;
    }
    let pairs = [("code", code), ("state", state), ("unknown", "x")];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let read = ENDPOINT.callback(&SECRET, &format!("http://localhost:3000/callback?{query}#_"), state);
    assert_eq!(read.expect("it has a state and a code").code, Secret::new(code));
}

//! Every place where a secret becomes text, and what is printed of those that hold one.

use std::collections::BTreeMap;
use std::sync::Arc;

use smartrecruiters::client::Credential;
use smartrecruiters::credential::{ApiKey, BearerToken, ClientAuthentication, OAuthClient};
use smartrecruiters::lifecycle::ClientCredentials;

use crate::support::source::{Source, count};
use crate::support::{Reply, Server, get};

/// How often the code of each file names `expose`. A new place is a decision: it belongs in this list, or not in the code.
const EXPOSED: [(&str, usize); 19] = [
    ("binding/token.rs", 1),             // token(), for whoever asked for the text itself
    ("client/partner/connecting.rs", 1), // the check that an answer quotes no token
    ("environment.rs", 1),               // a variable, such as the URL of a proxy
    ("http/proxy.rs", 1),                // the proxy's URL
    ("http/socks.rs", 1),                // the proxy's password
    ("http/transport.rs", 2),            // the two headers
    ("http/tunnel.rs", 1),               // the proxy's password
    ("oauth/authorization.rs", 2),       // the code verifier is derived, and its challenge computed
    ("oauth/token_endpoint.rs", 4),      // the form, Basic, and the check that an answer quotes no secret
    ("redis_server/url.rs", 2),          // the URL of the server, and the same with one host only
    ("store/customer_record.rs", 1),     // a record's bytes
    ("store/encoding.rs", 1),            // a record's bytes
    ("store/grant_record.rs", 1),        // a record's bytes
    ("store/inbox_record.rs", 1),        // a record's bytes
    ("store/postgres/mod.rs", 1),        // the URL of its server
    ("store/seal.rs", 1),                // the key that seals
    ("store/token_record.rs", 1),        // a few bits of its hash, in a record's id
    ("tls/mod.rs", 1),                   // the key of the client's certificate
    ("webhook/signature.rs", 1),         // the key that signs
];

#[test]
fn secrets_become_text_in_these_places_only() {
    let mut found = BTreeMap::new();
    for module in Source::of_crate().modules() {
        let uses = count(&module.code, &[".", "expose"]) + count(&module.code, &[":", ":", "expose"]);
        if uses > 0 {
            *found.entry(module.file.clone()).or_default() += uses;
        }
    }
    let expected = EXPOSED.map(|(file, uses)| (file.to_owned(), uses)).into_iter().collect();
    let remedy = "give each new call its row in EXPOSED, with the reason, or take it out of the code";
    assert_eq!(found, expected, "{remedy}");
}

#[tokio::test]
async fn nothing_that_holds_a_secret_prints_it() {
    let server = Server::start(|seen| {
        if seen.path.starts_with("/identity") {
            // A server that quotes what it was sent.
            Reply::Json(400, format!(r#"{{"error":"invalid_client","error_description":"{}"}}"#, seen.body))
        } else {
            let sent = seen.header("x-smarttoken").or(seen.header("authorization")).unwrap();
            Reply::Json(403, format!(r#"{{"message":"no: {sent}","errors":[{{"code":"{sent}"}}]}}"#))
        }
    })
    .await;
    let oauth = OAuthClient::new("id".into(), "canary".into(), ClientAuthentication::Body).unwrap();
    for credential in [
        Credential::ApiKey(ApiKey::new("canary".into()).unwrap()),
        Credential::BearerToken(BearerToken::new("canary".into()).unwrap()),
        Credential::ClientCredentials(Arc::new(ClientCredentials::new(oauth, None, None))),
    ] {
        let client = server.client(&credential);
        let request = get(&client, "/jobs");
        let error = client.send(&request).await.unwrap_err();
        let printed = format!("{credential:?} {client:?} {request:?} {error} {error:?}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}

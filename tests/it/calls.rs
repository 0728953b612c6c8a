//! One call and what can happen to it.

use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::client::Credential;
use smartrecruiters::clock::SystemClock;
use smartrecruiters::credential::{ApiKey, BearerToken};
use smartrecruiters::error::{Error, ErrorCode, NetworkKind, Phase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Reply, Server, client, get};

fn api_key() -> Credential {
    Credential::ApiKey(ApiKey::new("key".into()).unwrap())
}

/// A listener that answers every connection with these bytes, and closes it.
async fn raw(answer: &'static [u8]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
        }
    });
    Server::at(address)
}

async fn failure(server: &Server) -> Error {
    let client = server.client(&api_key());
    client.send(&get(&client, "/jobs")).await.unwrap_err()
}

fn kind(error: &Error) -> NetworkKind {
    match error {
        Error::Network { kind, .. } => *kind,
        other => panic!("expected a network error, got {other:?}"),
    }
}

#[tokio::test]
async fn each_credential_has_its_header_and_no_other() {
    let server = Server::start(|_| Reply::Json(200, "{}".into())).await;
    for credential in [api_key(), Credential::BearerToken(BearerToken::new("token".into()).unwrap())] {
        let client = server.client(&credential);
        client.send(&get(&client, "/jobs")).await.unwrap();
    }
    let seen = server.seen();
    assert_eq!((seen[0].header("x-smarttoken"), seen[0].header("authorization")), (Some("key"), None));
    assert_eq!(
        (seen[1].header("x-smarttoken"), seen[1].header("authorization")),
        (None, Some("Bearer token"))
    );
}

#[tokio::test]
async fn an_api_key_is_not_tried_twice() {
    let server = Server::start(|_| Reply::Json(401, r#"{"message":"no"}"#.into())).await;
    assert_eq!(failure(&server).await.code(), ErrorCode::Authentication);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn failures_of_the_network_are_told_apart() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Server::at(listener.local_addr().unwrap())
    };
    let error = failure(&nobody).await;
    assert!(matches!(error, Error::Network { kind: NetworkKind::Connect, sent: false, .. }), "{error:?}");

    assert_eq!(kind(&failure(&Server::start(|_| Reply::Drop).await).await), NetworkKind::Reset);
    assert_eq!(kind(&failure(&raw(b"SSH-2.0-OpenSSH_9.2\r\n").await).await), NetworkKind::Protocol);
    let cut = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":").await;
    let error = failure(&cut).await;
    assert!(matches!(error, Error::Network { kind: NetworkKind::Reset, sent: true, .. }), "{error:?}");
}

#[tokio::test]
async fn a_plain_server_behind_https_is_a_tls_failure() {
    let server = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let base = server.url().replace("http://", "https://");
    let client = client(&api_key(), &base, Arc::new(SystemClock));
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert_eq!(kind(&error), NetworkKind::Tls, "{error:?}");
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_failure() {
    // RFC 6761 section 6.4: `invalid` never resolves.
    let client = client(&api_key(), "https://host.invalid", Arc::new(SystemClock));
    assert_eq!(kind(&client.send(&get(&client, "/jobs")).await.unwrap_err()), NetworkKind::Dns);
}

#[tokio::test]
async fn a_timeout_names_what_it_interrupted() {
    let server = Server::start(|_| Reply::Never).await;
    let client = server.client(&api_key());
    let mut request = get(&client, "/jobs");
    request.timeout = Duration::from_millis(50);
    let error = client.send(&request).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::Response, .. }), "{error:?}");
    assert!(error.to_string().contains("50 ms"));
}

#[tokio::test]
async fn a_closed_client_ends_its_calls_and_takes_no_more() {
    let server = Server::start(|_| Reply::Json(200, "{}".into())).await;
    let client = server.client(&api_key());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&get(&client, "/jobs")).await.map(|_| ()) })
        })
        .collect();
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    client.close().await;
    assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap_err().code(), ErrorCode::Closed);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.seen().len(), 100);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_a_text() {
    let server = Server::start(|_| Reply::Json(200, "\u{feff}{}".into())).await;
    let client = server.client(&api_key());
    let answer = client.send(&get(&client, "/jobs")).await.unwrap();
    assert_eq!(answer.read_text().await.unwrap().unwrap(), "{}");
}

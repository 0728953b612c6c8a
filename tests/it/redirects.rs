//! Redirects: where a call is led, and what the server there gets to see.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use smartrecruiters::client::{Client, ClientOptions, Credential};
use smartrecruiters::clock::SystemClock;
use smartrecruiters::credential::{ApiKey, BearerToken};
use smartrecruiters::error::{Error, ErrorCode};
use smartrecruiters::http::{BaseUrl, ConnectOptions, ProxyChoice, RedirectMode, RequestBody};
use smartrecruiters::secret::Secret;

use crate::support::{Reply, Seen, Server, get, unlimited};

const BASE: &str = "http://localhost:4000";
/// Each another origin: port, host, subdomain, scheme.
const ELSEWHERE: [&str; 4] =
    ["http://localhost:4001", "http://127.0.0.1:4000", "http://eu.localhost:4000", "https://localhost:4000"];

fn credentials() -> [Credential; 2] {
    [
        Credential::ApiKey(ApiKey::new("canary-key".into()).unwrap()),
        Credential::BearerToken(BearerToken::new("canary-token".into()).unwrap()),
    ]
}

/// A client that reaches every host through one proxy, which so sees all that any host would.
fn client_through(proxy: &Server, credential: &Credential) -> Client {
    let connect =
        ConnectOptions { proxy: ProxyChoice::Url(Secret::new(proxy.url())), ..ConnectOptions::default() };
    let options = ClientOptions { connect, retries: 0, ..unlimited() };
    let base = BaseUrl::parse("baseUrl", BASE).unwrap();
    Client::new(credential, Some(base), options, Arc::new(SystemClock)).unwrap()
}

fn leaks(seen: &Seen) -> bool {
    let headers = format!("{:?}", seen.headers);
    headers.contains("canary") || seen.body.contains("canary")
}

#[tokio::test]
async fn nothing_that_is_secret_crosses_to_another_origin() {
    let mut crossed = 0;
    for status in [301, 302, 303, 307, 308] {
        for elsewhere in ELSEWHERE {
            let proxy = Server::start(move |seen| {
                if seen.uri.starts_with(BASE) {
                    Reply::Redirect(status, format!("{elsewhere}/landed"))
                } else {
                    Reply::Json(200, "{}".into())
                }
            })
            .await;
            for credential in credentials() {
                let client = client_through(&proxy, &credential);
                for method in [Method::GET, Method::POST, Method::PUT] {
                    let mut request = get(&client, "/jobs");
                    request.headers.insert("cookie", "session=canary".parse().unwrap());
                    request.headers.insert("x-tenant-key", "canary".parse().unwrap());
                    if method != Method::GET {
                        request.body = RequestBody::Bytes(Bytes::from_static(b"canary body"));
                    }
                    request.method = method;
                    // Refused, failed or landed: what counts is what was seen there.
                    drop(client.send(&request).await);
                }
            }
            let (here, there): (Vec<_>, Vec<_>) =
                proxy.seen().into_iter().partition(|seen| seen.uri.starts_with(BASE));
            assert_eq!(here.len(), 6, "{status} {elsewhere}");
            assert!(here.iter().all(leaks), "where it belongs it is sent");
            crossed += there.len();
            for seen in there {
                assert!(!leaks(&seen), "{status} to {elsewhere}: {seen:?}");
            }
        }
    }
    // Of GET, POST and PUT: two, two, three, one and one by status, with two credentials, to four places.
    assert_eq!(crossed, (2 + 2 + 3 + 1 + 1) * 2 * 4, "what may cross crosses");
}

#[tokio::test]
async fn a_redirect_on_its_origin_keeps_credential_and_body() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/jobs" => Reply::Redirect(307, "/moved".into()),
        _ => Reply::Json(200, "{}".into()),
    })
    .await;
    let client = server.client(&credentials()[0]);
    let mut request = get(&client, "/jobs");
    request.method = Method::POST;
    request.body = RequestBody::Bytes(Bytes::from_static(b"body"));
    let answer = client.send(&request).await.unwrap();
    assert_eq!(answer.url.unwrap().path(), "/moved");
    let landed = server.seen().pop().unwrap();
    assert_eq!((landed.header("x-smarttoken"), landed.body.as_str()), (Some("canary-key"), "body"));
}

#[tokio::test]
async fn a_credential_that_was_left_behind_does_not_come_back() {
    let proxy = Server::start(|seen| match seen.uri.as_str() {
        "http://localhost:4000/jobs" => Reply::Redirect(302, "http://localhost:4001/there".into()),
        "http://localhost:4001/there" => Reply::Redirect(302, "http://localhost:4000/back".into()),
        _ => Reply::Json(200, "{}".into()),
    })
    .await;
    let client = client_through(&proxy, &credentials()[0]);
    client.send(&get(&client, "/jobs")).await.unwrap();
    let seen: Vec<_> = proxy.seen().iter().map(leaks).collect();
    assert_eq!(seen, [true, false, false]);
}

#[tokio::test]
async fn modes_and_loops_are_as_in_fetch() {
    let server = Server::start(|_| Reply::Redirect(302, "/again".into())).await;
    let client = server.client(&credentials()[0]);
    let request = |redirect| {
        let mut request = get(&client, "/jobs");
        request.redirect = redirect;
        request
    };
    let error = client.send(&request(RedirectMode::Follow)).await.unwrap_err();
    assert!(matches!(&error, Error::Redirect { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 21, "the first and twenty more");

    assert_eq!(client.send(&request(RedirectMode::Error)).await.unwrap_err().code(), ErrorCode::Redirect);
    assert_eq!(server.seen().len(), 22);

    let manual = client.open(&request(RedirectMode::Manual)).await.unwrap();
    assert_eq!((manual.status.as_u16(), &manual.headers["location"]), (302, &"/again".parse().unwrap()));
    assert_eq!(server.seen().len(), 23);
}

//! Answers with status 401: which of them mean that a token is dead, and what each costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use smartrecruiters::client::{Client, Credential};
use smartrecruiters::clock::ManualClock;
use smartrecruiters::credential::ApiKey;
use smartrecruiters::error::ErrorCode;
use smartrecruiters::http::{Request, RequestBody, streamed_body};
use smartrecruiters::store::{MemoryStore, Store};
use tokio::sync::Semaphore;

use super::{TOKEN, app, client_credentials, many_calls, strict, under_clock};
use crate::support::store::elsewhere;
use crate::support::{Reply, Server, customer, get, token};

#[tokio::test]
async fn fifty_simultaneous_401s_are_one_renewal_and_fifty_answers() {
    let revoked = Arc::new(AtomicBool::new(false));
    let server = {
        let (revoked, strict) = (Arc::clone(&revoked), strict());
        Server::start(move |seen| {
            let first = seen.header("authorization") == Some("Bearer at-1");
            if first && revoked.load(Ordering::SeqCst) { Reply::Json(401, "{}".into()) } else { strict(seen) }
        })
        .await
    };
    let client = server.client(&client_credentials());
    many_calls(&client, 1).await;
    revoked.store(true, Ordering::SeqCst);
    many_calls(&client, 50).await;
    assert_eq!(server.count(TOKEN), 2);
}

#[tokio::test]
async fn a_denied_route_burns_one_renewal_and_no_more() {
    let strict = strict();
    let server = Server::start(move |seen| {
        let denied = seen.path.starts_with("/candidates/");
        if denied {
            Reply::Json(401, r#"{"message":"Candidate access denied"}"#.into())
        } else {
            strict(seen)
        }
    })
    .await;
    let client = server.client(&client_credentials());
    many_calls(&client, 1).await;
    for id in 1..=20 {
        let error = client.send(&get(&client, &format!("/candidates/c{id}"))).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Authentication);
        assert_eq!(error.to_string(), format!("401 GET /candidates/c{id}: Candidate access denied"));
    }
    assert_eq!(server.count(TOKEN), 2, "one to see that a new token changes nothing");
    let denied = server.seen().iter().filter(|seen| seen.path.starts_with("/candidates/")).count();
    assert_eq!(denied, 21, "one repeat in all");
    many_calls(&client, 1).await;
}

#[tokio::test]
async fn a_token_that_another_process_got_may_have_been_revoked_as_ours_was() {
    let (revoked, exchanges) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let server = {
        let revoked = Arc::clone(&revoked);
        Server::start(move |seen| {
            if seen.path == TOKEN {
                let number = exchanges.fetch_add(1, Ordering::SeqCst) + 1;
                return token(&format!("at-{number}"), Some(&format!("rt-{number}")));
            }
            let number = seen.header("authorization").unwrap().trim_start_matches("Bearer at-").to_owned();
            let accepted = number.parse::<usize>().unwrap() > revoked.load(Ordering::SeqCst);
            Reply::Json(if accepted { 200 } else { 401 }, "{}".into())
        })
        .await
    };
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let ours = app(&server, Arc::clone(&store) as Arc<dyn Store>, &clock);
    let theirs = app(&server, elsewhere(store), &clock);
    let grant = Arc::clone(&ours).import(customer("rt-0")).await.unwrap();
    let ours = under_clock(&server, &Credential::Grant(grant), &clock);
    let theirs = Credential::Grant(theirs.grant("customer".into()).unwrap());
    let theirs = under_clock(&server, &theirs, &clock);
    many_calls(&ours, 1).await;
    many_calls(&theirs, 1).await;
    revoked.store(1, Ordering::SeqCst);
    many_calls(&theirs, 1).await;
    assert_eq!(server.count(TOKEN), 2, "theirs is newer");
    clock.advance(Duration::from_secs(300));
    revoked.store(2, Ordering::SeqCst);
    many_calls(&ours, 1).await;
    assert_eq!(server.count(TOKEN), 3, "theirs was tried, and then a new one");
}

#[tokio::test]
async fn denied_routes_in_turn_burn_one_renewal_each_and_no_more() {
    let strict = strict();
    let server = Server::start(move |seen| {
        if seen.path.starts_with("/denied/") { Reply::Json(401, "{}".into()) } else { strict(seen) }
    })
    .await;
    let client = server.client(&client_credentials());
    for _ in 0..20 {
        for path in ["/denied/a", "/denied/b", "/denied/c"] {
            let error = client.send(&get(&client, path)).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Authentication);
        }
    }
    assert_eq!(server.count(TOKEN), 1 + 3);
}

/// A body that can be sent once.
fn upload(client: &Client, path: &str) -> Request {
    let (upload, stream) = streamed_body();
    upload.finish();
    Request { method: http::Method::POST, body: RequestBody::Stream(stream, None), ..get(client, path) }
}

#[tokio::test]
async fn a_client_that_only_uploads_gets_over_each_revocation() {
    let (issued, revoked) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let server = {
        let revoked = Arc::clone(&revoked);
        Server::start(move |seen| match seen.header("authorization") {
            _ if seen.path == TOKEN => {
                token(&format!("at-{}", issued.fetch_add(1, Ordering::SeqCst) + 1), None)
            }
            Some(used) if used == format!("Bearer at-{}", revoked.load(Ordering::SeqCst)) => {
                Reply::Json(401, "{}".into())
            }
            _ => Reply::Json(200, "{}".into()),
        })
        .await
    };
    let client = server.client(&client_credentials());
    for revocation in 1..=3 {
        client.send(&upload(&client, "/upload")).await.unwrap();
        revoked.store(revocation, Ordering::SeqCst);
        let error = client.send(&upload(&client, "/upload")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Authentication);
    }
    client.send(&upload(&client, "/upload")).await.unwrap();
    let used: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.path == "/upload")
        .map(|seen| seen.header("authorization").unwrap().to_owned())
        .collect();
    let expected = [1, 1, 2, 2, 3, 3, 4].map(|number| format!("Bearer at-{number}"));
    assert_eq!(used, expected);
    assert_eq!(server.count(TOKEN), 4);
}

#[tokio::test]
async fn denied_uploads_burn_one_renewal_for_each_route() {
    let strict = strict();
    let server = Server::start(move |seen| {
        if seen.path.starts_with("/denied/") { Reply::Json(401, "{}".into()) } else { strict(seen) }
    })
    .await;
    let client = server.client(&client_credentials());
    for _ in 0..10 {
        for path in ["/denied/a", "/denied/b"] {
            let error = client.send(&upload(&client, path)).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Authentication);
        }
    }
    assert_eq!((server.count("/denied/a"), server.count("/denied/b")), (10, 10));
    assert_eq!(server.count(TOKEN), 1 + 2);
}

#[tokio::test]
async fn a_401_from_where_a_redirect_led_burns_a_renewal_only_if_the_token_went_there() {
    let elsewhere = Server::start(|_| Reply::Json(401, "{}".into())).await;
    let storage = format!("{}/storage", elsewhere.url());
    let server = Server::start(move |seen| match seen.path.as_str() {
        TOKEN => token("at", None),
        "/file" => Reply::Redirect(302, "/moved".into()),
        "/away" => Reply::Redirect(302, storage.clone()),
        _ => Reply::Json(401, "{}".into()),
    })
    .await;
    let client = server.client(&client_credentials());
    let refused = async |path| {
        for _ in 0..3 {
            assert_eq!(client.send(&get(&client, path)).await.unwrap_err().code(), ErrorCode::Authentication);
        }
    };
    refused("/away").await;
    assert_eq!((server.count(TOKEN), server.count("/away"), elsewhere.count("/storage")), (1, 3, 3));
    refused("/file").await;
    assert_eq!((server.count(TOKEN), server.count("/file"), server.count("/moved")), (2, 4, 4));
}

#[tokio::test]
async fn a_token_that_is_revoked_behind_a_redirect_is_renewed() {
    for (method, sent) in [(http::Method::GET, 2), (http::Method::POST, 1)] {
        let strict = strict();
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/file" => Reply::Redirect(303, "/moved".into()),
            "/moved" if seen.header("authorization") == Some("Bearer at-1") => Reply::Json(401, "{}".into()),
            _ => strict(seen),
        })
        .await;
        let client = server.client(&client_credentials());
        let request = Request { method: method.clone(), ..get(&client, "/file") };
        let first = client.send(&request).await;
        // What is not safe to repeat is handed up, but the next call has a new token.
        assert_eq!((first.is_ok(), server.count("/file")), (method == http::Method::GET, sent));
        server.reached(TOKEN, 2).await;
        client.send(&upload(&client, "/jobs")).await.unwrap();
        client.send(&request).await.unwrap();
        assert_eq!((server.count(TOKEN), server.count("/file")), (2, sent + 1));
    }
}

#[tokio::test]
async fn a_long_401_holds_no_connection_while_its_token_is_renewed() {
    let gate = Arc::new(Semaphore::new(1));
    let server = {
        let gate = Arc::clone(&gate);
        Server::start(move |seen| match seen.path.as_str() {
            TOKEN => Reply::Held(Arc::clone(&gate), Box::new(token("at", None))),
            "/denied" => Reply::Json(401, "x".repeat(1_000_000)),
            _ => Reply::Json(200, "{}".into()),
        })
        .await
    };
    let waiting = server.client(&client_credentials());
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let client = waiting.clone();
            tokio::spawn(async move { client.send(&get(&client, "/denied")).await.unwrap_err().code() })
        })
        .collect();
    server.reached("/denied", 64).await;
    let key = Credential::ApiKey(ApiKey::new("key".into()).unwrap());
    let other = waiting.with_credential(&key).unwrap();
    other.send(&get(&other, "/users")).await.unwrap();
    assert_eq!((server.count("/denied"), server.count(TOKEN)), (64, 2));
    gate.add_permits(1);
    for call in calls {
        assert_eq!(call.await.unwrap(), ErrorCode::Authentication);
    }
}

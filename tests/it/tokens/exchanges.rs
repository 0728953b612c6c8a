//! How often a token endpoint is asked, and what its failures cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smartrecruiters::client::{ClientOptions, Credential};
use smartrecruiters::clock::ManualClock;
use smartrecruiters::credential::{ApiKey, ClientAuthentication, OAuthClient};
use smartrecruiters::error::{Error, ErrorCode};
use smartrecruiters::http::{ConnectOptions, ProxyChoice};
use smartrecruiters::lifecycle::ClientCredentials;
use smartrecruiters::secret::Secret;
use tokio::sync::Semaphore;

use super::{TOKEN, client_credentials, grant, many_calls, strict, under_clock};
use crate::support::{Reply, Server, get, token, unlimited};

#[tokio::test]
async fn ten_thousand_calls_on_an_expired_token_are_one_exchange() {
    for kind in ["client credentials", "grant"] {
        let (server, clock) = (Server::start(strict()).await, ManualClock::new());
        let credential = match kind {
            "grant" => Credential::Grant(grant(&server, &clock).await),
            _ => client_credentials(),
        };
        let client = under_clock(&server, &credential, &clock);
        many_calls(&client, 1).await;
        clock.advance(Duration::from_secs(1800));
        many_calls(&client, 10_000).await;
        assert_eq!(server.count(TOKEN), 2, "{kind}");
        assert_eq!(server.count("/jobs"), 10_001, "{kind}: no call was sent with the expired token");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_fails_no_call_while_the_token_lives() {
    let down = Arc::new(AtomicBool::new(false));
    let server = {
        let (down, strict) = (Arc::clone(&down), strict());
        Server::start(move |seen| {
            if seen.path == TOKEN && down.load(Ordering::SeqCst) { Reply::Drop } else { strict(seen) }
        })
        .await
    };
    let clock = ManualClock::new();
    let client = under_clock(&server, &client_credentials(), &clock);
    let call = || async { client.send(&get(&client, "/jobs")).await };
    call().await.unwrap();

    // Renewal begins five minutes before the end; from half a minute before it, the token is not used.
    clock.advance(Duration::from_secs(1800 - 330));
    down.store(true, Ordering::SeqCst);
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..600 {
        match call().await {
            Ok(_) => answered += 1,
            Err(error) => {
                assert!(matches!(error, Error::TokenUnavailable { sent: true, .. }), "{error:?}");
                refused += 1;
            }
        }
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(
        (answered, refused),
        (300, 300),
        "every call while it lived, and one typed error for each after"
    );
    let attempts = server.count(TOKEN) - 1;
    assert!(attempts <= 90, "{attempts} attempts in ten minutes");

    down.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(15));
    call().await.unwrap();
    assert_eq!(server.count(TOKEN), attempts + 2, "the first success ends it");
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_fails_and_delays_no_call_while_the_token_lives() {
    let gate = Arc::new(Semaphore::new(1));
    let server = {
        let gate = Arc::clone(&gate);
        Server::start(move |seen| match seen.path.as_str() {
            TOKEN => Reply::Held(Arc::clone(&gate), Box::new(token("at", None))),
            "/denied" => Reply::Json(401, r#"{"message":"no"}"#.into()),
            _ => Reply::Json(200, "{}".into()),
        })
        .await
    };
    let client = server.client(&client_credentials());
    many_calls(&client, 1).await;
    let denied = tokio::spawn({
        let client = client.clone();
        async move { client.send(&get(&client, "/denied")).await.unwrap_err() }
    });
    // The renewal that its 401 asked for hangs; the token is good for everything else.
    server.reached(TOKEN, 2).await;
    many_calls(&client, 200).await;
    assert!(!denied.is_finished());
    gate.add_permits(1);
    assert_eq!(denied.await.unwrap().to_string(), "401 GET /denied: no");
    assert_eq!(server.count(TOKEN), 2);
}

#[tokio::test]
async fn a_token_endpoint_that_takes_no_connection_in_time_was_sent_nothing() {
    use tokio::net::{TcpSocket, TcpStream};

    // Whose queue is full: it takes no connection and refuses none.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = socket.listen(0).unwrap();
    let _queued = TcpStream::connect(silent.local_addr().unwrap()).await.unwrap();
    let server = Server::at(silent.local_addr().unwrap());
    let connect = ConnectOptions { connect_timeout: Duration::from_millis(50), ..ConnectOptions::default() };
    let client = server.client_of(&client_credentials(), ClientOptions { connect, ..unlimited() });
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable { sent: false, .. }), "{error:?}");
}

#[tokio::test]
async fn a_code_that_passes_by_itself_is_asked_again_soon_and_costs_no_grant() {
    let failing = Arc::new(AtomicBool::new(true));
    let server = {
        let (failing, strict) = (Arc::clone(&failing), strict());
        Server::start(move |seen| {
            if seen.path == TOKEN && failing.load(Ordering::SeqCst) {
                Reply::Json(400, r#"{"error":"temporarily_unavailable"}"#.into())
            } else {
                strict(seen)
            }
        })
        .await
    };
    let clock = ManualClock::new();
    let client = under_clock(&server, &Credential::Grant(grant(&server, &clock).await), &clock);
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert!(error.is_transient() && error.code() == ErrorCode::TokenRefused, "{error:?}");
    failing.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(1));
    many_calls(&client, 1).await;
}

#[tokio::test]
async fn a_token_request_follows_no_redirect() {
    let elsewhere = Server::start(|_| token("stolen", None)).await;
    let url = format!("{}{TOKEN}", elsewhere.url());
    let server = Server::start(move |_| Reply::Redirect(307, url.clone())).await;
    let client = server.client(&client_credentials());
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable { status: Some(307), .. }), "{error:?}");
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn clients_with_one_credential_share_its_token_and_others_do_not() {
    let server = Server::start(|seen| match seen.path.as_str() {
        TOKEN if seen.body.contains("client_id=id&") => token("mine", None),
        TOKEN => token("theirs", None),
        _ => Reply::Json(200, "{}".into()),
    })
    .await;
    let mine = client_credentials();
    let other = OAuthClient::new("other".into(), "secret".into(), ClientAuthentication::Body).unwrap();
    let other = Credential::ClientCredentials(Arc::new(ClientCredentials::new(other, None, None)));
    let client = server.client(&mine);
    for (credential, path) in [(&mine, "/a"), (&other, "/b"), (&mine, "/c")] {
        let client = client.with_credential(credential).unwrap();
        client.send(&get(&client, path)).await.unwrap();
    }
    let used: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.path != TOKEN)
        .map(|seen| seen.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(used, ["Bearer mine", "Bearer theirs", "Bearer mine"]);
    assert_eq!(server.count(TOKEN), 2);
}

#[tokio::test]
async fn another_way_to_the_token_endpoint_is_another_token() {
    let server = Server::start(strict()).await;
    let credential = client_credentials();
    let through = |proxy: ProxyChoice| {
        let connect = ConnectOptions { proxy, ..ConnectOptions::default() };
        server.client_of(&credential, ClientOptions { connect, ..unlimited() })
    };
    many_calls(&through(ProxyChoice::Direct), 1).await;
    assert_eq!(server.seen().iter().filter(|seen| seen.uri.starts_with("http://")).count(), 0);
    // The server is its own proxy: it takes whole URLs as well.
    many_calls(&through(ProxyChoice::Url(Secret::new(server.url()))), 1).await;
    let proxied: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.uri.starts_with("http://"))
        .map(|seen| seen.path.clone())
        .collect();
    assert_eq!(proxied, [TOKEN, "/jobs"]);
}

#[tokio::test]
async fn who_waits_for_a_token_holds_no_connection() {
    let gate = Arc::new(Semaphore::new(0));
    let server = {
        let gate = Arc::clone(&gate);
        Server::start(move |seen| match seen.path.as_str() {
            TOKEN => Reply::Held(Arc::clone(&gate), Box::new(token("at", None))),
            _ => Reply::Json(200, "{}".into()),
        })
        .await
    };
    let waiting = server.client(&client_credentials());
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = waiting.clone();
            tokio::spawn(async move { client.send(&get(&client, "/jobs")).await.unwrap() })
        })
        .collect();
    server.reached(TOKEN, 1).await;
    // Another customer on the same connections.
    let key = Credential::ApiKey(ApiKey::new("key".into()).unwrap());
    let other = waiting.with_credential(&key).unwrap();
    for _ in 0..100 {
        other.send(&get(&other, "/users")).await.unwrap();
    }
    assert_eq!((server.count("/users"), server.count("/jobs")), (100, 0));
    gate.add_permits(1);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(server.count("/jobs"), 200);
}

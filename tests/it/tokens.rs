//! Credentials through whole calls: client, lifecycle and wire together, with time in the test's hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use smartrecruiters::client::{Client, ClientOptions, Credential};
use smartrecruiters::clock::{ManualClock, SystemClock};
use smartrecruiters::credential::{ApiKey, ClientAuthentication, OAuthClient};
use smartrecruiters::error::{Error, ErrorCode, ReauthorizationReason, Result};
use smartrecruiters::http::{ConnectOptions, Connector, ProxyChoice, Request, RequestBody, streamed_body};
use smartrecruiters::lifecycle::{ClientCredentials, Grant, ImportedGrant, OAuthApp, OAuthAppOptions};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{
    Due, GrantRecord, GrantState, MemoryStore, Sealer, Sealing, Store, StoreFuture, Stored, Swap, Version,
};
use tokio::sync::Semaphore;

use crate::support::store::Line;
use crate::support::{
    Elsewhere, Reply, Seen, Server, app_options, customer, exchange, get, oauth_client, token, unlimited,
};

pub(crate) const TOKEN: &str = "/identity/oauth/token";

fn client_credentials() -> Credential {
    Credential::ClientCredentials(Arc::new(ClientCredentials::new(oauth_client(), None, None)))
}

fn app(server: &Server, store: Arc<dyn Store>, clock: &ManualClock) -> Arc<OAuthApp> {
    app_with(server, store, None, clock).unwrap()
}

pub(crate) fn app_with(
    server: &Server,
    store: Arc<dyn Store>,
    sealing: Option<Sealing>,
    clock: &ManualClock,
) -> Result<Arc<OAuthApp>> {
    let options = OAuthAppOptions { sealing, ..app_options(&server.url(), store) };
    OAuthApp::new(options, &Connector::new(ConnectOptions::default()).unwrap(), Arc::new(clock.clone()))
}

async fn grant(server: &Server, clock: &ManualClock) -> Grant {
    let app = app(server, Arc::new(MemoryStore::new()), clock);
    app.import(customer("rt-0")).await.unwrap()
}

pub(crate) fn under_clock(server: &Server, credential: &Credential, clock: &ManualClock) -> Client {
    server.client_with(credential, Arc::new(clock.clone()))
}

/// Issues numbered tokens and one-time refresh tokens, and accepts the newest access token only.
pub(crate) fn strict() -> impl Fn(&Seen) -> Reply {
    let issued = AtomicUsize::new(0);
    move |seen: &Seen| {
        if seen.path == TOKEN {
            let before = issued.load(Ordering::SeqCst);
            if seen.body.contains("grant_type=refresh_token")
                && !seen.body.contains(&format!("refresh_token=rt-{before}&"))
            {
                return Reply::Json(400, r#"{"error":"invalid_grant"}"#.into());
            }
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            return token(&format!("at-{number}"), Some(&format!("rt-{number}")));
        }
        let newest = format!("Bearer at-{}", issued.load(Ordering::SeqCst));
        let accepted = seen.header("authorization") == Some(newest.as_str());
        if accepted { Reply::Json(200, "{}".into()) } else { Reply::Json(401, r#"{"message":"no"}"#.into()) }
    }
}

pub(crate) async fn many_calls(client: &Client, calls: usize) {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&get(&client, "/jobs")).await.map(|answer| answer.status) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 200);
    }
}

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

/// A store of which some methods fail while it is down.
#[derive(Debug)]
struct Fragile {
    inner: MemoryStore,
    fails: &'static [&'static str],
    down: AtomicBool,
    refused: AtomicUsize,
}

impl Fragile {
    fn check(&self, operation: &'static str) -> Result<()> {
        if !self.down.load(Ordering::SeqCst) || !self.fails.contains(&operation) {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(Error::Store { operation, problem: "it is down".into() })
    }

    /// Whether the record says that the grant is being exchanged.
    fn is_journalled(&self) -> bool {
        let stored = self.inner.load("customer").now_or_never().unwrap().unwrap().unwrap();
        let record: GrantRecord = Sealer::new(&self.inner, None).unwrap().open("customer", &stored).unwrap();
        matches!(record.state, GrantState::Exchanging { .. })
    }
}

impl Store for Fragile {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            self.check("load")?;
            self.inner.load(id).await
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            self.check("swap")?;
            self.inner.swap(id, expected, bytes, due).await
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        self.inner.due(before, limit, after)
    }
}

#[tokio::test]
async fn a_store_that_is_down_fails_no_call_while_the_token_lives_and_begins_no_exchange() {
    for fails in [["load", "swap"].as_slice(), &["swap"]] {
        let store = Arc::new(Fragile {
            inner: MemoryStore::new(),
            fails,
            down: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        });
        let unjournalled = Arc::new(AtomicUsize::new(0));
        let server = {
            let (store, unjournalled, strict) = (Arc::clone(&store), Arc::clone(&unjournalled), strict());
            Server::start(move |seen| {
                if seen.path == TOKEN && !store.is_journalled() {
                    unjournalled.fetch_add(1, Ordering::SeqCst);
                }
                strict(seen)
            })
            .await
        };
        let clock = ManualClock::new();
        let grant = app(&server, Arc::clone(&store) as _, &clock).import(customer("rt-0")).await.unwrap();
        let client = under_clock(&server, &Credential::Grant(grant), &clock);
        let call = || async { client.send(&get(&client, "/jobs")).await };
        call().await.unwrap();

        // Ten minutes: renewal begins five minutes before the token's end; half a minute before it, it is not used.
        clock.advance(Duration::from_secs(1800 - 330));
        store.down.store(true, Ordering::SeqCst);
        let (mut answered, mut failed) = (0, 0);
        for _ in 0..600 {
            match call().await {
                Ok(_) => answered += 1,
                Err(error) => {
                    assert!(matches!(error, Error::Store { .. }), "{error:?}");
                    failed += 1;
                }
            }
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(
            (answered, failed),
            (300, 300),
            "every call while it lived, and one typed error for each after"
        );
        // At once: the store is asked again with backoff, not by each call, and no call waits for it to come back. The
        // longest wait is three seconds, so that renewals go on soon after a failover.
        let asked = store.refused.load(Ordering::SeqCst);
        assert!(asked <= 300, "{asked} times in ten minutes");
        assert_eq!(server.count(TOKEN), 1, "no exchange without a journal");

        store.down.store(false, Ordering::SeqCst);
        clock.advance(Duration::from_secs(15));
        many_calls(&client, 10).await;
        assert_eq!((server.count(TOKEN), unjournalled.load(Ordering::SeqCst)), (2, 0));
    }
}

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
        assert!(error.to_string().ends_with(": Candidate access denied"), "{error}");
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
    let theirs = app(&server, Arc::new(Elsewhere(store)), &clock);
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
async fn a_grant_presents_every_refresh_token_once_and_in_order() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let client = under_clock(&server, &Credential::Grant(grant(&server, &clock).await), &clock);
    for _ in 0..5 {
        many_calls(&client, 20).await;
        clock.advance(Duration::from_secs(1800));
    }
    let presented: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.path == TOKEN)
        .map(|seen| seen.body.split("refresh_token=").nth(1).unwrap().split('&').next().unwrap().to_owned())
        .collect();
    assert_eq!(presented, ["rt-0", "rt-1", "rt-2", "rt-3", "rt-4"]);
}

#[tokio::test]
async fn a_revoked_grant_and_a_lost_answer_are_told_apart() {
    // Revoked: the server refuses the token at the first try.
    let server = Server::start(|_| Reply::Json(400, r#"{"error":"invalid_grant"}"#.into())).await;
    let clock = ManualClock::new();
    let client = under_clock(&server, &Credential::Grant(grant(&server, &clock).await), &clock);
    for _ in 0..3 {
        let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
        let Error::ReauthorizationRequired { grant_id, reason } = error else { panic!("{error:?}") };
        assert_eq!((grant_id.as_str(), reason), ("customer", ReauthorizationReason::RevokedOrExpired));
    }
    assert_eq!(server.seen().len(), 1, "the server's word is asked for once");

    // Lost: the first exchange is sent and its answer never comes; the second is refused.
    let sent = AtomicBool::new(false);
    let server = Server::start(move |_| {
        if sent.swap(true, Ordering::SeqCst) {
            Reply::Json(400, r#"{"error":"invalid_grant"}"#.into())
        } else {
            Reply::Drop
        }
    })
    .await;
    let client = under_clock(&server, &Credential::Grant(grant(&server, &clock).await), &clock);
    assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap_err().code(), ErrorCode::TokenUnavailable);
    clock.advance(Duration::from_secs(15));
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert!(
        matches!(error, Error::ReauthorizationRequired { reason: ReauthorizationReason::ResponseLost, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_caller_who_gives_up_loses_no_refresh_token() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let client = under_clock(&server, &Credential::Grant(grant(&server, &clock).await), &clock);
    for round in 0..20 {
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.send(&get(&client, "/jobs")).await.map(|_| ()) }
        });
        // At another point of the exchange in each round.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        call.abort();
        many_calls(&client, 1).await;
        clock.advance(Duration::from_secs(1800));
    }
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
async fn a_grant_goes_to_the_api_that_it_is_for_and_to_no_other() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let other = Server::start(|_| Reply::Json(200, "{}".into())).await;
    let grant = Credential::Grant(grant(&server, &clock).await);
    let base = smartrecruiters::http::BaseUrl::parse("baseUrl", &other.url()).unwrap();
    let options = unlimited();
    let error = Client::new(&grant, Some(base), options.clone(), Arc::new(SystemClock)).unwrap_err();
    assert!(matches!(&error, Error::Configuration { field, .. } if field == "credential"), "{error:?}");
    let own = Client::new(&grant, None, options, Arc::new(SystemClock)).unwrap();
    assert_eq!(own.base().as_str(), server.url());
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

/// A server that holds the first exchange of `rt-0` back until the test lets it go, and knows `rt-new` too.
async fn slow(gate: &Arc<Semaphore>, first: fn() -> Reply) -> Server {
    let gate = Arc::clone(gate);
    Server::start(move |seen| match seen.path.as_str() {
        TOKEN if seen.body.contains("refresh_token=rt-0&") => {
            Reply::Held(Arc::clone(&gate), Box::new(first()))
        }
        TOKEN if seen.body.contains("refresh_token=rt-new&") => token("new", Some("rt-newer")),
        TOKEN => Reply::Json(400, r#"{"error":"invalid_grant"}"#.into()),
        _ => Reply::Json(200, "{}".into()),
    })
    .await
}

#[tokio::test]
async fn a_new_authorization_wins_over_a_renewal_in_flight() {
    for first in [|| token("old", Some("rt-old")), || Reply::Json(400, r#"{"error":"invalid_grant"}"#.into())]
    {
        // In this process, and in another one, which shares the store alone.
        for same_process in [true, false] {
            let gate = Arc::new(Semaphore::new(0));
            let (server, clock) = (slow(&gate, first).await, ManualClock::new());
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let ours = app(&server, Arc::clone(&store), &clock);
            let grant = Arc::clone(&ours).import(customer("rt-0")).await.unwrap();
            let client = under_clock(&server, &Credential::Grant(grant), &clock);
            let call = tokio::spawn({
                let client = client.clone();
                async move { client.send(&get(&client, "/jobs")).await.map(|answer| answer.status) }
            });
            server.reached(TOKEN, 1).await;
            let importer = if same_process { ours } else { app(&server, Arc::new(Elsewhere(store)), &clock) };
            importer.import(customer("rt-new")).await.unwrap();
            gate.add_permits(1);
            assert_eq!(call.await.unwrap().unwrap(), 200);
            many_calls(&client, 10).await;
            let used: std::collections::BTreeSet<_> = server
                .seen()
                .iter()
                .filter(|seen| seen.path == "/jobs")
                .map(|seen| seen.header("authorization").unwrap().to_owned())
                .collect();
            assert_eq!(used.into_iter().collect::<Vec<_>>(), ["Bearer new"]);
            assert_eq!(server.count(TOKEN), 2, "each refresh token was presented once");
        }
    }
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

#[cfg(all(unix, feature = "stores"))]
#[tokio::test]
async fn a_grant_goes_from_process_to_process_in_a_sealed_file() {
    use smartrecruiters::store::{SealingKey, SqliteOptions, SqliteStore};

    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let folder = crate::stores::Folder::new();
    let key = |byte: &str| SealingKey::new(&Secret::new(byte.repeat(32))).unwrap();
    let process = |sealing| {
        let options = SqliteOptions { path: folder.0.join("grants.sqlite"), create: false, namespace: None };
        app_with(&server, Arc::new(SqliteStore::new(options).unwrap()), sealing, &clock)
    };
    assert_eq!(process(None).unwrap_err().code(), ErrorCode::Configuration);

    process(Some(Sealing::Keys(vec![key("01")]))).unwrap().import(customer("rt-0")).await.unwrap();
    for keys in [vec![key("01")], vec![key("02"), key("01")], vec![key("02")]] {
        let grant = process(Some(Sealing::Keys(keys))).unwrap().grant("customer".into()).unwrap();
        many_calls(&under_clock(&server, &Credential::Grant(grant), &clock), 10).await;
        clock.advance(Duration::from_secs(1800));
    }
    let grant = process(Some(Sealing::Keys(vec![key("01")]))).unwrap().grant("customer".into()).unwrap();
    let client = under_clock(&server, &Credential::Grant(grant), &clock);
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    assert!(error.to_string().contains("a key that was not given"), "{error}");
}

/// The callback of an authorization request of `app`, as the browser brings it, and its state.
fn callback(app: &Arc<OAuthApp>) -> (String, String) {
    let state = app.authorization_url(&[]).unwrap().state;
    (format!("http://localhost:3000/callback?code=c&state={state}"), state)
}

#[tokio::test]
async fn an_authorization_outlives_a_store_that_fails_and_costs_no_code_before() {
    let store = Arc::new(Line::default());
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let app = app(&server, Arc::clone(&store) as _, &clock);
    let (url, state) = callback(&app);
    store.cut.store(true, Ordering::SeqCst);
    let error = Arc::clone(&app).exchange(exchange(&url, &state, "customer")).await.unwrap_err();
    assert_eq!((error.code(), server.count(TOKEN)), (ErrorCode::Store, 0), "the code is still good");

    store.cut.store(false, Ordering::SeqCst);
    // Written, but the store's answer is lost, and what comes next fails too.
    *store.cuts_after.lock().unwrap() = Some(1);
    let refused = store.refused.load(Ordering::SeqCst);
    let exchanging = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.exchange(exchange(&url, &state, "customer")).await }
    });
    while store.refused.load(Ordering::SeqCst) < refused + 3 {
        tokio::task::yield_now().await;
    }
    assert!(!exchanging.is_finished());
    store.cut.store(false, Ordering::SeqCst);
    let grant = exchanging.await.unwrap().unwrap();
    assert_eq!((grant.id.as_str(), server.count(TOKEN)), ("customer", 1));
    let client = under_clock(&server, &Credential::Grant(grant), &clock);
    client.send(&get(&client, "/jobs")).await.unwrap();
    assert_eq!(server.count(TOKEN), 1, "its access token is at hand");
}

#[tokio::test]
async fn the_ids_of_other_records_are_no_grants() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let app = app(&server, Arc::new(MemoryStore::new()), &clock);
    for id in ["customer:acme", "token:x", "customer:"] {
        let (url, state) = callback(&app);
        let grant = ImportedGrant { id: id.into(), ..customer("rt-0") };
        for refused in [
            Arc::clone(&app).exchange(exchange(&url, &state, id)).await.map(|_| ()),
            Arc::clone(&app).import(grant).await.map(|_| ()),
            app.grant(id.into()).map(|_| ()),
            Arc::clone(&app).forget(id.into()).await,
        ] {
            assert!(matches!(refused, Err(Error::Configuration { field, .. }) if field == "id"), "{id}");
        }
    }
    assert_eq!(server.seen().len(), 0, "no code was spent");
    Arc::clone(&app).import(ImportedGrant { id: "customer-1".into(), ..customer("rt-0") }).await.unwrap();
}

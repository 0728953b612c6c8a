//! The refresh tokens of grants: in order, each once, and how a grant ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smartrecruiters::client::{Client, Credential};
use smartrecruiters::clock::{ManualClock, SystemClock};
use smartrecruiters::error::{Error, ErrorCode, ReauthorizationReason};
use smartrecruiters::lifecycle::ImportedGrant;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{MemoryStore, Sealing, Store};
use tokio::sync::Semaphore;

use super::{TOKEN, app, app_with, callback, grant, many_calls, strict, under_clock};
use crate::support::store::elsewhere;
use crate::support::{Reply, Server, customer, exchange, get, token, unlimited};

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
            let importer = if same_process { ours } else { app(&server, elsewhere(store), &clock) };
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

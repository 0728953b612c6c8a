//! Access tokens of client credentials that a fleet shares through a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use smartrecruiters::client::{Client, Credential};
use smartrecruiters::clock::{Clock as _, ManualClock};
use smartrecruiters::credential::{ClientAuthentication, OAuthClient};
use smartrecruiters::error::ErrorCode;
use smartrecruiters::lifecycle::ClientCredentials;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{
    MemoryStore, NEVER, SealedStore, Sealing, SealingKey, Store, TOKEN_PREFIX, TokenRecord, token_id,
};
use tokio::sync::Semaphore;

use crate::support::store::Line;
use crate::support::{Reply, Seen, Server, get, token};

const TOKEN: &str = "/identity/oauth/token";

fn key(byte: &str) -> Sealing {
    Sealing::Keys(vec![SealingKey::new(&Secret::new(byte.repeat(32))).unwrap()])
}

/// A process of the fleet: it has nothing in common with others but the store.
fn process(server: &Server, store: &Arc<dyn Store>, clock: &ManualClock) -> Client {
    process_with(server, store, clock, "secret", Some(key("01")))
}

fn process_with(
    server: &Server,
    store: &Arc<dyn Store>,
    clock: &ManualClock,
    secret: &str,
    sealing: Option<Sealing>,
) -> Client {
    let client = OAuthClient::new("id".into(), secret.into(), ClientAuthentication::Body).unwrap();
    let store = SealedStore::new(Arc::clone(store), sealing).unwrap();
    let credentials = ClientCredentials::new(client, None, Some(store));
    server.client_with(&Credential::ClientCredentials(Arc::new(credentials)), Arc::new(clock.clone()))
}

/// Numbers its tokens. Those that `refused` names are answered with 401.
fn numbered(refused: &'static [&'static str]) -> impl Fn(&Seen) -> Reply {
    let issued = AtomicUsize::new(0);
    move |seen| {
        if seen.path == TOKEN {
            return token(&format!("at-{}", issued.fetch_add(1, Ordering::SeqCst) + 1), None);
        }
        let sent = seen.header("authorization").unwrap().trim_start_matches("Bearer ");
        let status = if refused.contains(&sent) { 401 } else { 200 };
        Reply::Json(status, "{}".into())
    }
}

async fn used(client: &Client) -> String {
    client.send(&get(client, "/jobs")).await.unwrap();
    client.token().await.unwrap().unwrap().token.value.expose().to_owned()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// The id of the record of `process()`.
fn id(server: &Server) -> String {
    token_id("id", &Secret::new("secret"), &format!("{}{TOKEN}", server.url()))
}

#[tokio::test]
async fn cold_starts_take_the_token_that_is_there() {
    let (server, store, clock) = (Server::start(numbered(&[])).await, memory(), ManualClock::new());
    for expiry in 1..=3 {
        let processes: Vec<_> = (0..8).map(|_| process(&server, &store, &clock)).collect();
        let calls = processes.iter().map(used);
        for token in futures_util::future::join_all(calls).await {
            assert_eq!(token, format!("at-{expiry}"));
        }
        assert_eq!(used(&process(&server, &store, &clock)).await, format!("at-{expiry}"));
        assert_eq!(server.count(TOKEN), expiry);
        clock.advance(Duration::from_secs(1800));
    }
}

#[tokio::test]
async fn a_token_that_was_refused_is_not_adopted_again() {
    let server = Server::start(numbered(&["at-1", "at-2"])).await;
    let (store, clock) = (memory(), ManualClock::new());
    let (first, second) = (process(&server, &store, &clock), process(&server, &store, &clock));
    for client in [&first, &second] {
        assert_eq!(client.token().await.unwrap().unwrap().token.value.expose(), "at-1");
    }
    // Each replaces what was refused to it: the one by an exchange, the other by what that yielded.
    for client in [&first, &second] {
        let denied = client.send(&get(client, "/jobs")).await.unwrap_err();
        assert_eq!(denied.code(), ErrorCode::Authentication);
        assert_eq!(client.token().await.unwrap().unwrap().token.value.expose(), "at-2");
    }
    assert_eq!((server.count(TOKEN), server.count("/jobs")), (2, 4));
}

#[tokio::test]
async fn a_rotated_secret_adopts_no_token_of_the_old_one() {
    let (server, store, clock) = (Server::start(numbered(&[])).await, memory(), ManualClock::new());
    let with = |secret| process_with(&server, &store, &clock, secret, Some(key("01")));
    assert_eq!(used(&with("old-secret")).await, "at-1");
    assert_eq!(used(&with("new-secret")).await, "at-2");
    assert_eq!(used(&with("old-secret")).await, "at-1");
    for due in store.due(u64::MAX, 10, None).await.unwrap() {
        assert!(due.id.starts_with(TOKEN_PREFIX) && !due.id.contains("secret"), "{due:?}");
        let stored = store.load(&due.id).await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&stored.bytes).contains("at-"));
    }
}

#[tokio::test]
async fn a_store_that_is_down_costs_no_call() {
    let (server, clock) = (Server::start(numbered(&[])).await, ManualClock::new());
    let (line, store) = Line::to_memory();
    line.cut.store(true, Ordering::SeqCst);
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-1");
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-2");
    // The lease is written, and its answer lost.
    line.cut.store(false, Ordering::SeqCst);
    *line.cuts_after.lock().unwrap() = Some(1);
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-3");
    assert_eq!(line.refused.load(Ordering::SeqCst), 3);
    // The lease is over some time.
    line.cut.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(30));
    // It goes down between the lease and the token.
    *line.cuts_after.lock().unwrap() = Some(2);
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-4");
    line.cut.store(false, Ordering::SeqCst);
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-4", "it was written all the same");
}

#[tokio::test]
async fn a_failed_exchange_gives_its_turn_back() {
    let failures = AtomicUsize::new(0);
    let then = numbered(&[]);
    let server = Server::start(move |seen| {
        if seen.path == TOKEN && failures.fetch_add(1, Ordering::SeqCst) == 0 {
            return Reply::Json(503, "{}".into());
        }
        then(seen)
    })
    .await;
    let (store, clock) = (memory(), ManualClock::new());
    let first = process(&server, &store, &clock);
    let error = first.send(&get(&first, "/jobs")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TokenUnavailable);
    // With a clock that stands still, a lease would never be over.
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-1");
}

#[tokio::test]
async fn a_dead_holder_is_waited_for_no_longer_than_its_lease() {
    let gate = Arc::new(Semaphore::new(0));
    let server = {
        let (gate, then) = (Arc::clone(&gate), numbered(&[]));
        let exchanges = AtomicUsize::new(0);
        Server::start(move |seen| {
            if seen.path == TOKEN && exchanges.fetch_add(1, Ordering::SeqCst) == 0 {
                return Reply::Held(Arc::clone(&gate), Box::new(token("late", None)));
            }
            then(seen)
        })
        .await
    };
    let (store, clock) = (memory(), ManualClock::new());
    let (dead, alive) = (process(&server, &store, &clock), process(&server, &store, &clock));
    let dying = tokio::spawn(async move { used(&dead).await });
    server.reached(TOKEN, 1).await;
    let waiting = tokio::spawn(async move { used(&alive).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    clock.advance(Duration::from_secs(30));
    assert_eq!(waiting.await.unwrap(), "at-1");
    // It was alive after all: its own token is as good.
    gate.add_permits(1);
    assert_eq!(dying.await.unwrap(), "late");
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-1", "and nobody else's");
}

#[tokio::test]
async fn a_wrong_key_is_reported_and_damage_is_mended() {
    let (server, store, clock) = (Server::start(numbered(&[])).await, memory(), ManualClock::new());
    assert_eq!(used(&process(&server, &store, &clock)).await, "at-1");
    for (sealing, said) in [(key("02"), "a key that was not given"), (Sealing::Plain, "give its key")] {
        let other = process_with(&server, &store, &clock, "secret", Some(sealing));
        let error = other.send(&get(&other, "/jobs")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Store);
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(server.count(TOKEN), 1, "and costs no exchange");

    let id = id(&server);
    let stored = store.load(&id).await.unwrap().unwrap();
    let halves = [&b"garbage"[..], &stored.bytes[..40], b"{}"];
    for (version, (bytes, expected)) in (stored.version..).step_by(3).zip(halves.iter().zip(2..)) {
        store.swap(&id, version, bytes.to_vec(), NEVER).await.unwrap();
        for _ in 0..2 {
            assert_eq!(used(&process(&server, &store, &clock)).await, format!("at-{expected}"));
        }
    }
}

#[tokio::test]
async fn a_lease_of_a_clock_that_is_ahead_is_not_waited_for_for_ever() {
    let (server, store, clock) = (Server::start(numbered(&[])).await, memory(), ManualClock::new());
    let sealed = SealedStore::new(Arc::clone(&store), Some(key("01"))).unwrap();
    let ahead = clock.now().unix_millis() + 7 * 24 * 3600 * 1000;
    let record = TokenRecord { leased_until: ahead, ..TokenRecord::default() };
    sealed.swap(&id(&server), 0, &record).await.unwrap();
    let waiting = tokio::spawn({
        let client = process(&server, &store, &clock);
        async move { used(&client).await }
    });
    while server.count(TOKEN) == 0 {
        // It may look at the clock for the first time only now.
        clock.advance(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(waiting.await.unwrap(), "at-1");
}

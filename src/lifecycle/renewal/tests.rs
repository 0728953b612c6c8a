use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::ErrorCode;
use crate::lifecycle::events::Listener;
use crate::lifecycle::lease::{CLOCK_SKEW_MILLIS, LEASE};
use crate::oauth::TokenEndpoint;
use crate::secret::Secret;
use crate::store::{Due, MemoryStore, Sealer, Store, StoreFuture, Stored};
use crate::token::RefreshToken;

fn record(state: GrantState) -> GrantRecord {
    GrantRecord {
        access: None,
        refresh: RefreshToken(Secret::new("rt-1")),
        refresh_issued_at: 0,
        scopes: vec!["jobs_read".into()],
        contested: false,
        state,
    }
}

fn tokens(clock: &ManualClock, access: &str, refresh: Option<&str>) -> TokenSet {
    TokenSet {
        access: AccessToken {
            value: Secret::new(access),
            scopes: Vec::new(),
            issued: clock.now(),
            lifetime: Duration::from_secs(1800),
        },
        refresh: refresh.map(|token| RefreshToken(Secret::new(token))),
    }
}

fn renewal(store: Arc<dyn Store>, clock: &ManualClock) -> GrantRenewal {
    // Port 9 of loopback (discard): nobody listens, so nothing is ever sent.
    renewal_at("127.0.0.1:9".parse().unwrap(), store, clock)
}

fn renewal_at(address: SocketAddr, store: Arc<dyn Store>, clock: &ManualClock) -> GrantRenewal {
    let connector = crate::http::Connector::new(crate::http::ConnectOptions::default()).unwrap();
    let url = url::Url::parse(&format!("http://{address}/token")).unwrap();
    let client = OAuthClient::new("id".into(), "secret".into(), ClientAuthentication::Body).unwrap();
    let endpoint = TokenEndpoint::new(url, &connector);
    let sealer = Sealer::new(&*store, None).unwrap();
    let grants = Grants::new(client, endpoint, store, sealer, Arc::new(clock.clone())).unwrap();
    GrantRenewal { id: "g".into(), grants: Arc::new(grants) }
}

/// Counts the failures that are told.
fn failures_of(renewal: &GrantRenewal) -> (Arc<AtomicU32>, Arc<Listener>) {
    let heard = Arc::new(AtomicU32::new(0));
    let listener = Listener::new({
        let heard = Arc::clone(&heard);
        move |event| {
            assert!(matches!(event, Event::RenewalFailed { error: Error::Store { .. }, .. }), "{event:?}");
            heard.fetch_add(1, Ordering::SeqCst);
            true
        }
    });
    (heard, renewal.grants.listeners.add(listener))
}

/// That of a store in memory: plain.
fn sealer() -> Sealer {
    Sealer::new(&MemoryStore::new(), None).unwrap()
}

async fn stored(store: &dyn Store) -> (Version, GrantRecord) {
    let stored = store.load("g").await.unwrap().unwrap();
    (stored.version, sealer().open("g", &stored).unwrap())
}

async fn put(store: &dyn Store, version: Version, record: &GrantRecord) {
    let bytes = sealer().seal("g", version + 1, record).unwrap();
    assert_eq!(store.swap("g", version, bytes, record.due()).await.unwrap(), Swap::Won);
}

#[tokio::test]
async fn a_token_that_somebody_else_got_is_adopted() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let theirs = renewed(record(GrantState::Idle { unresolved: 0 }), tokens(&clock, "theirs", Some("rt-2")));
    put(&*store, 0, &theirs).await;
    let token = renewal(store.clone(), &clock).renew(None).await.unwrap();
    assert_eq!(token.value.expose(), "theirs");
    assert_eq!(stored(&*store).await.0, 1, "nothing was written");
}

#[tokio::test]
async fn a_connection_that_never_stood_costs_nothing() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    put(&*store, 0, &record(GrantState::Idle { unresolved: 0 })).await;
    let error = renewal(store.clone(), &clock).renew(None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TokenUnavailable);
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.state), (1, GrantState::Idle { unresolved: 0 }), "nothing was written");
}

/// Answers the first request as if there were no token endpoint, which says nothing of a grant.
async fn no_endpoint() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        assert_ne!(connection.read(&mut [0; 4096]).await.unwrap(), 0);
        connection.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        // Until it is closed.
        while connection.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
    });
    address
}

#[tokio::test]
async fn a_dead_holders_exchange_counts_as_unresolved() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let until = clock.now().unix_millis() - CLOCK_SKEW_MILLIS;
    let state = GrantState::Exchanging { owner: "dead".into(), until, unresolved: 0 };
    put(&*store, 0, &record(state)).await;
    renewal_at(no_endpoint().await, store.clone(), &clock).renew(None).await.unwrap_err();
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.state), (3, GrantState::Idle { unresolved: 1 }), "journalled, and taken back");
}

#[tokio::test(start_paused = true)]
async fn a_living_holder_is_waited_for() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let until = clock.now().unix_millis() + 60_000;
    put(&*store, 0, &record(GrantState::Exchanging { owner: "other".into(), until, unresolved: 0 })).await;
    let waiting = tokio::spawn({
        let (store, clock) = (store.clone(), clock.clone());
        async move { renewal(store, &clock).renew(None).await }
    });
    tokio::time::sleep(LEASE_POLL * 3).await;
    assert!(!waiting.is_finished());
    put(&*store, 1, &renewed(record(GrantState::Idle { unresolved: 0 }), tokens(&clock, "theirs", None)))
        .await;
    assert_eq!(waiting.await.unwrap().unwrap().value.expose(), "theirs");
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_clock_is_ahead_is_waited_for_no_longer_than_a_lease() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let until = clock.now().unix_millis() + 7 * 24 * 3600 * 1000;
    put(&*store, 0, &record(GrantState::Exchanging { owner: "other".into(), until, unresolved: 0 })).await;
    let waiting = tokio::spawn({
        let (store, clock) = (store.clone(), clock.clone());
        async move { renewal(store, &clock).renew(None).await }
    });
    tokio::time::sleep(LEASE_POLL * 3).await;
    assert!(!waiting.is_finished());
    clock.advance(LEASE);
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::TokenUnavailable, "it went to the token endpoint itself");
}

#[tokio::test]
async fn a_grant_that_has_ended_says_why_and_stays() {
    let clock = ManualClock::new();
    for reason in [
        ReauthorizationReason::RevokedOrExpired,
        ReauthorizationReason::ResponseLost,
        ReauthorizationReason::Exported,
    ] {
        let store = Arc::new(MemoryStore::new());
        put(&*store, 0, &record(GrantState::Ended { reason })).await;
        let error = renewal(store.clone(), &clock).renew(None).await.unwrap_err();
        assert!(matches!(error, Error::ReauthorizationRequired { reason: said, .. } if said == reason));
        assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-1");
    }
}

#[tokio::test]
async fn a_grant_that_is_not_there_is_named() {
    let error = renewal(Arc::new(MemoryStore::new()), &ManualClock::new()).renew(None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    assert!(error.to_string().contains("\"g\""));
}

#[tokio::test]
async fn a_late_commit_wins_over_a_lease_taken_over_but_not_over_a_new_authorization() {
    let clock = ManualClock::new();
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    let taken_over = record(GrantState::Exchanging { owner: "other".into(), until: 0, unresolved: 1 });
    let store = Arc::new(MemoryStore::new());
    put(&*store, 0, &journal).await;
    put(&*store, 1, &taken_over).await;
    let renewal = renewal(store.clone(), &clock);
    let token = renewal.commit(1, journal.clone(), tokens(&clock, "late", Some("rt-2"))).await.unwrap();
    assert_eq!(token.value.expose(), "late");
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-2");

    let authorized = GrantRecord {
        refresh: RefreshToken(Secret::new("rt-new")),
        ..renewed(journal.clone(), tokens(&clock, "new", None))
    };
    put(&*store, 3, &authorized).await;
    assert!(renewal.commit(3, journal, tokens(&clock, "later", Some("rt-3"))).await.is_none());
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-new");
}

/// A store whose next swap is written but reported as failed, as when its answer is lost.
#[derive(Debug, Default)]
struct Unsure {
    inner: MemoryStore,
    loses_answer: AtomicBool,
    /// So many swaps fail, and are not written.
    refuses: AtomicU32,
    /// The versions that swaps expected.
    expected: Mutex<Vec<Version>>,
}

impl Store for Unsure {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        self.inner.load(id)
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            self.expected.lock().unwrap().push(expected);
            let less = |left: u32| left.checked_sub(1);
            let down = self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
            let swap = if down { Ok(Swap::Lost) } else { self.inner.swap(id, expected, bytes, due).await };
            if down || self.loses_answer.swap(false, Ordering::SeqCst) {
                return Err(Error::Store { operation: "swap", problem: "its answer was lost".into() });
            }
            swap
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        self.inner.due(before, limit, after)
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_repeated_until_it_is_known_to_be_there() {
    let clock = ManualClock::new();
    for down in [true, false] {
        let store = Arc::new(Unsure::default());
        let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
        put(&*store, 0, &journal).await;
        store.refuses.store(u32::from(down), Ordering::SeqCst);
        store.loses_answer.store(!down, Ordering::SeqCst);
        let token = renewal(store.clone(), &clock)
            .commit(1, journal, tokens(&clock, "at", Some("rt-2")))
            .await
            .unwrap();
        assert_eq!(token.value.expose(), "at");
        let (version, after) = stored(&*store).await;
        assert_eq!((version, after.refresh.0.expose()), (2, "rt-2"), "written once");
    }
}

#[tokio::test]
async fn a_commit_makes_the_record_again_if_the_store_was_emptied() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    let token =
        renewal(store.clone(), &clock).commit(7, journal, tokens(&clock, "at", Some("rt-2"))).await.unwrap();
    assert_eq!(token.value.expose(), "at");
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.refresh.0.expose()), (1, "rt-2"));
}

#[tokio::test(start_paused = true)]
async fn a_commit_waits_for_an_emptied_store_to_take_writes() {
    let clock = ManualClock::new();
    let store = Arc::new(Unsure::default());
    store.refuses.store(3, Ordering::SeqCst);
    let renewal = renewal(store.clone(), &clock);
    let (heard, _listener) = failures_of(&renewal);
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    let token = renewal.commit(7, journal, tokens(&clock, "at", Some("rt-2"))).await.unwrap();
    assert_eq!(token.value.expose(), "at");
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-2");
    assert_eq!(*store.expected.lock().unwrap(), [7, 0, 0, 0], "no record is version 0");
    assert_eq!(heard.load(Ordering::SeqCst), 3, "each failure was told, and waited after");
}

/// A store that loses what it was given, and takes nothing any more.
#[derive(Debug, Default)]
struct Sieve {
    swaps: AtomicU32,
    /// From this swap on it is a store again.
    until: u32,
    inner: MemoryStore,
}

impl Store for Sieve {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        self.inner.load(id)
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            if self.swaps.fetch_add(1, Ordering::SeqCst) < self.until {
                return Ok(Swap::Lost);
            }
            self.inner.swap(id, expected, bytes, due).await
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        self.inner.due(before, limit, after)
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_does_not_spin_on_a_store_that_neither_has_the_record_nor_takes_it() {
    let clock = ManualClock::new();
    let store = Arc::new(Sieve { until: 100, ..Sieve::default() });
    let renewal = renewal(store.clone(), &clock);
    let (heard, _listener) = failures_of(&renewal);
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    let commit = tokio::spawn(async move {
        renewal.commit(7, journal, tokens(&clock, "at", Some("rt-2"))).await.map(|token| token.value)
    });
    // Of a clock that moves only when nobody has anything to do.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (swaps, told) = (store.swaps.load(Ordering::SeqCst), heard.load(Ordering::SeqCst));
    assert!((10..=20).contains(&swaps), "{swaps} attempts in a minute");
    assert_eq!(
        told,
        swaps - 1,
        "each was told, but for the first, after which it may have been somebody else"
    );
    assert_eq!(commit.await.unwrap().unwrap().expose(), "at", "for as long as it takes");
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-2");
}

#[tokio::test]
async fn a_commit_does_not_bring_back_what_was_forgotten() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    put(&*store, 0, &journal).await;
    let state = GrantState::Ended { reason: ReauthorizationReason::Forgotten };
    let forgotten = GrantRecord { refresh: RefreshToken(Secret::new("")), ..record(state) };
    put(&*store, 1, &forgotten).await;
    let renewal = renewal(store.clone(), &clock);
    assert!(renewal.commit(1, journal, tokens(&clock, "at", Some("rt-2"))).await.is_none());
    assert_eq!(stored(&*store).await, (2, forgotten));
}

/// The record as it is, as another version: what rekeying makes of it.
async fn reseal(store: &dyn Store) -> Version {
    let (version, record) = stored(store).await;
    put(store, version, &record).await;
    version + 1
}

#[tokio::test]
async fn a_commit_over_a_journal_that_was_sealed_anew_is_not_contested() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    put(&*store, 0, &journal).await;
    for _ in 0..3 {
        reseal(&*store).await;
    }
    let renewal = renewal(store.clone(), &clock);
    let token = renewal.commit(1, journal, tokens(&clock, "at", Some("rt-2"))).await.unwrap();
    assert_eq!(token.value.expose(), "at");
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.refresh.0.expose(), after.contested), (5, "rt-2", false));
    assert_eq!(after.state, GrantState::Idle { unresolved: 0 });
}

#[tokio::test]
async fn a_failure_is_written_down_over_a_journal_that_was_sealed_anew() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let until = clock.now().unix_millis() + LEASE_MILLIS;
    let journal = record(GrantState::Exchanging { owner: "me".into(), until, unresolved: 0 });
    put(&*store, 0, &journal).await;
    reseal(&*store).await;
    let renewal = renewal_at(no_endpoint().await, store.clone(), &clock);
    let connection = renewal.grants.endpoint.connect().await.unwrap();
    let error = renewal.exchange(connection, 1, journal).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TokenUnavailable);
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.state), (3, GrantState::Idle { unresolved: 0 }), "nobody waits for a lease");
}

#[tokio::test]
async fn the_access_token_of_a_grant_that_was_exported_is_not_used_here() {
    let clock = ManualClock::new();
    for (reason, used) in
        [(ReauthorizationReason::Exported, false), (ReauthorizationReason::RevokedOrExpired, true)]
    {
        let store = Arc::new(MemoryStore::new());
        let idle = record(GrantState::Idle { unresolved: 0 });
        let ended =
            GrantRecord { state: GrantState::Ended { reason }, ..renewed(idle, tokens(&clock, "at", None)) };
        put(&*store, 0, &ended).await;
        assert_eq!(renewal(store, &clock).renew(None).await.is_ok(), used, "{reason:?}");
    }
}

/// A user's store, from when its thread has ended.
#[derive(Debug)]
struct Gone;

impl Store for Gone {
    fn is_gone(&self) -> bool {
        true
    }

    fn load<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(std::future::ready(Err(Error::Store { operation: "load", problem: "gone".into() })))
    }

    fn swap<'a>(&'a self, _: &'a str, _: Version, _: Vec<u8>, _: u64) -> StoreFuture<'a, Swap> {
        Box::pin(std::future::ready(Err(Error::Store { operation: "swap", problem: "gone".into() })))
    }

    fn due(&self, _: u64, _: usize, _: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        Box::pin(std::future::ready(Err(Error::Store { operation: "due", problem: "gone".into() })))
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_to_a_store_that_has_gone_ends_and_somebody_hears_that_the_tokens_are_lost() {
    let clock = ManualClock::new();
    let sealer = Sealer::new(&Gone, Some(crate::store::Sealing::Plain)).unwrap();
    let kept = renewal(Arc::new(MemoryStore::new()), &clock).grants;
    let (client, endpoint) = (kept.client.clone(), kept.endpoint.clone());
    let grants = Grants::new(client, endpoint, Arc::new(Gone), sealer, Arc::new(clock.clone())).unwrap();
    let renewal = GrantRenewal { id: "lost-with-its-thread".into(), grants: Arc::new(grants) };
    let (heard, listener) = failures_of(&renewal);
    let journal = record(GrantState::Exchanging { owner: "us".into(), until: 0, unresolved: 0 });
    let commit_at_once = async || {
        let commit = renewal.commit(2, journal.clone(), tokens(&clock, "at-2", Some("rt-2")));
        tokio::time::timeout(FIRST_COMMIT_WAIT / 2, commit).await.expect("it is not tried again")
    };

    assert!(commit_at_once().await.is_none());
    assert_eq!(heard.load(Ordering::SeqCst), 1, "a listener that is left hears of it");

    drop(listener);
    assert!(commit_at_once().await.is_none());
    let warnings = crate::lifecycle::take_process_warnings();
    let of_this: Vec<_> =
        warnings.iter().filter(|warning| warning.contains("lost-with-its-thread")).collect();
    assert_eq!(of_this.len(), 1, "the process is warned where none is: {warnings:?}");
    assert!(
        of_this[0].contains("could not be stored and are lost") && !of_this[0].contains("rt-2"),
        "{of_this:?}"
    );
}

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::error::ErrorCode;
use crate::lifecycle::lease::LEASE;
use crate::secret::Secret;
use crate::store::{Due, MemoryStore, StoreFuture, Stored};
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
    let connector = crate::http::Connector::new(crate::http::ConnectOptions::default()).unwrap();
    // Port 9 of loopback (discard): nobody listens, so nothing is ever sent.
    let url = url::Url::parse("http://127.0.0.1:9/token").unwrap();
    GrantRenewal {
        id: "g".into(),
        owner: "me".into(),
        endpoint: TokenEndpoint::new(url, &connector).unwrap(),
        client: OAuthClient::new("id".into(), "secret".into(), crate::credential::ClientAuthentication::Body)
            .unwrap(),
        sealer: Arc::new(Sealer::new(&*store, None).unwrap()),
        listener: Listener::default(),
        store,
        clock: Arc::new(clock.clone()),
    }
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
    assert_eq!((version, after.state), (3, GrantState::Idle { unresolved: 0 }), "journalled, and taken back");
}

#[tokio::test]
async fn a_dead_holders_exchange_counts_as_unresolved() {
    let clock = ManualClock::new();
    let store = Arc::new(MemoryStore::new());
    let until = clock.now().unix_millis();
    let state = GrantState::Exchanging { owner: "dead".into(), until, unresolved: 0 };
    put(&*store, 0, &record(state)).await;
    renewal(store.clone(), &clock).renew(None).await.unwrap_err();
    assert_eq!(stored(&*store).await.1.state, GrantState::Idle { unresolved: 1 });
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
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), ErrorCode::TokenUnavailable);
    assert_eq!(stored(&*store).await.1.state, GrantState::Idle { unresolved: 1 }, "taken over");
}

#[tokio::test]
async fn a_grant_that_has_ended_says_why_and_stays() {
    let clock = ManualClock::new();
    for reason in [ReauthorizationReason::RevokedOrExpired, ReauthorizationReason::ResponseLost] {
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
    let heard = Arc::new(AtomicU32::new(0));
    let mut renewal = renewal(store.clone(), &clock);
    renewal.listener = Listener::new({
        let heard = Arc::clone(&heard);
        move |_| {
            heard.fetch_add(1, Ordering::SeqCst);
        }
    });
    let journal = record(GrantState::Exchanging { owner: "me".into(), until: 0, unresolved: 0 });
    let token = renewal.commit(7, journal, tokens(&clock, "at", Some("rt-2"))).await.unwrap();
    assert_eq!(token.value.expose(), "at");
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-2");
    assert_eq!(*store.expected.lock().unwrap(), [7, 0, 0, 0], "no record is version 0");
    assert_eq!(heard.load(Ordering::SeqCst), 3, "each failure was told, and waited after");
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

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::error::{ErrorCode, ReauthorizationReason};
use crate::once::lease::CLOCK_SKEW_MILLIS;
use crate::secret::Secret;
use crate::store::scripted::{Call, Fate, ScriptedStore};
use crate::store::{GrantRecord, GrantState, MemoryStore, Record as _, Sealer, Store};
use crate::token::{AccessToken, RefreshToken, TokenSet};

/// Spends a refresh token by answers that are given to it. An answer is `access refresh`; one that begins with `?`
/// cannot be read.
struct Scripted {
    clock: ManualClock,
    answers: Mutex<VecDeque<Result<&'static str>>>,
    /// Whether this release can read what begins with `?`.
    reads_all: bool,
    is_expected_to_ask: bool,
    connects: Arc<Notify>,
    /// What the store held when the request was sent.
    asked: AtomicU32,
    told: AtomicU32,
}

impl Scripted {
    fn new(clock: &ManualClock, answers: impl IntoIterator<Item = Result<&'static str>>) -> Self {
        Self {
            clock: clock.clone(),
            answers: Mutex::new(answers.into_iter().collect()),
            reads_all: false,
            is_expected_to_ask: false,
            connects: Arc::default(),
            asked: AtomicU32::new(0),
            told: AtomicU32::new(0),
        }
    }

    fn told(&self) -> u32 {
        self.told.load(Ordering::SeqCst)
    }
}

impl OneTime for Scripted {
    type Record = GrantRecord;
    type Connection = ();

    fn id(&self) -> &'static str {
        "g"
    }
    fn absent(&self) -> Result<GrantRecord> {
        Err(Error::UnknownGrant { grant_id: "g".into() })
    }
    fn is_expected_to_ask(&self) -> bool {
        self.is_expected_to_ask
    }
    async fn connect(&self) -> Result<()> {
        self.connects.notify_one();
        Ok(())
    }
    async fn ask(&self, (): (), journal: &GrantRecord) -> Result<Answer> {
        assert!(matches!(journal.state, GrantState::Exchanging { .. }), "journal before request");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.lock().unwrap().pop_front().unwrap()?;
        Ok(Answer::from_bytes(answer.as_bytes().to_vec()))
    }
    fn read(&self, answer: &Answer, sent: Moment, _: &GrantRecord) -> Result<TokenSet> {
        let text = std::str::from_utf8(answer.as_bytes()).unwrap();
        let text = if self.reads_all { text.trim_start_matches('?') } else { text };
        let (access, refresh) = text
            .split_once(' ')
            .filter(|(access, _)| !access.starts_with('?'))
            .ok_or(Error::no_access_token())?;
        Ok(TokenSet { issued: sent, ..yielded(&self.clock, access, Some(refresh)) })
    }
    fn is_worth_keeping(&self, answer: &Answer, _: &GrantRecord) -> bool {
        answer.as_bytes().starts_with(b"?")
    }
    fn why_unusable(&self, _: &GrantRecord) -> Error {
        Error::Closed
    }
    fn explain(&self, _: &GrantRecord, _: &GrantRecord, error: Error) -> Error {
        error
    }
    fn unwritten(&self, error: Error, _: u32) {
        assert_eq!(error.code(), ErrorCode::Store);
        self.told.fetch_add(1, Ordering::SeqCst);
    }
    fn lost(&self, error: Error) {
        panic!("{error:?}");
    }
}

fn yielded(clock: &ManualClock, access: &str, refresh: Option<&str>) -> TokenSet {
    let access = AccessToken {
        value: Secret::new(access),
        scopes: Vec::new(),
        issued: clock.now(),
        lifetime: Duration::from_secs(1800),
    };
    let refresh = refresh.map(|token| RefreshToken(Secret::new(token)));
    TokenSet { access: Some(access), issued: clock.now(), refresh }
}

fn record(state: GrantState) -> GrantRecord {
    GrantRecord { state, ..GrantRecord::new(RefreshToken(Secret::new("rt-1")), 0) }
}

fn idle() -> GrantRecord {
    record(GrantState::Idle { unresolved: 0 })
}

fn exchanging(owner: &str, until: u64, unresolved: u32) -> GrantRecord {
    record(GrantState::Exchanging { owner: owner.into(), until, unresolved })
}

fn vault(store: Arc<dyn Store>, clock: &ManualClock) -> Vault {
    Vault::new(store, None, Arc::new(clock.clone())).unwrap()
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

/// The record as it is, as another version: what rekeying makes of it.
async fn reseal(store: &dyn Store) {
    let (version, record) = stored(store).await;
    put(store, version, &record).await;
}

/// Runs until an operation yields something: nothing is good enough.
async fn run_all(vault: &Vault, operation: &Scripted) -> Result<TokenSet> {
    match run(vault, operation, |_, _| Ok(None::<()>)).await? {
        Ran::Yielded(yielded) => Ok(yielded),
        Ran::Found(()) => unreachable!(),
    }
}

fn refresh_of(renewed: &TokenSet) -> &str {
    renewed.refresh.as_ref().unwrap().0.expose()
}

/// Writes down that this journal's exchange yielded `rt-2`.
async fn commit(
    vault: &Vault,
    operation: &Scripted,
    version: Version,
    journal: &GrantRecord,
) -> Option<TokenSet> {
    let outcome = Outcome::Yielded(yielded(&operation.clock, "at", Some("rt-2")));
    write_down(vault, operation, version, journal, outcome).await.unwrap()
}

#[tokio::test]
async fn what_an_operation_yields_is_written_before_it_is_used() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    put(&*store, 0, &idle()).await;
    let operation = Scripted::new(&clock, [Ok("at rt-2")]);
    let renewed = run_all(&vault(store.clone(), &clock), &operation).await.unwrap();
    assert_eq!(refresh_of(&renewed), "rt-2");
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.refresh.0.expose()), (3, "rt-2"), "the journal, and then the tokens");
    assert_eq!(after.state, GrantState::Idle { unresolved: 0 });
}

#[tokio::test(start_paused = true)]
async fn only_a_process_that_expects_to_ask_connects_while_the_record_is_loaded() {
    for is_expected_to_ask in [true, false] {
        let (clock, inner) = (ManualClock::new(), Arc::new(MemoryStore::new()));
        put(&*inner, 0, &idle()).await;
        let operation = Scripted { is_expected_to_ask, ..Scripted::new(&clock, [Ok("at rt-2")]) };
        let connects = Arc::clone(&operation.connects);
        let store = ScriptedStore::over(inner.clone(), move |call| {
            let Call::Load(_) = call else { return Fate::Passes };
            let connects = Arc::clone(&connects);
            Fate::Later(Box::pin(async move {
                match timeout(Duration::from_secs(60), connects.notified()).await {
                    Ok(()) => Fate::Passes,
                    Err(_) => Fate::Fails("nobody connects"),
                }
            }))
        });
        let renewed = run_all(&vault(Arc::new(store), &clock), &operation).await;
        assert_eq!(
            renewed.map_err(|error| error.code()).err(),
            (!is_expected_to_ask).then_some(ErrorCode::Store)
        );
        let written = if is_expected_to_ask { (3, "rt-2") } else { (1, "rt-1") };
        let (version, after) = stored(&*inner).await;
        assert_eq!((version, after.refresh.0.expose()), written);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_kept_and_read_by_a_release_that_can() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    put(&*store, 0, &idle()).await;
    let vault = vault(store.clone(), &clock);
    let old = Scripted::new(&clock, [Ok("?at rt-2"), Err(Error::ConnectTimeout { to: None })]);
    assert_eq!(run_all(&vault, &old).await.unwrap_err().code(), ErrorCode::TokenInvalid);
    let (_, kept) = stored(&*store).await;
    assert_eq!(kept.state, GrantState::Idle { unresolved: 1 });
    assert_eq!(*kept.unread[0].bytes, b"?at rt-2");
    // The same release tries again, since what it keeps may be anything.
    run_all(&vault, &old).await.unwrap_err();
    assert_eq!(stored(&*store).await.1.unread.len(), 1);

    let later = Scripted { reads_all: true, ..Scripted::new(&clock, []) };
    assert_eq!(refresh_of(&run_all(&vault, &later).await.unwrap()), "rt-2");
    assert_eq!(later.asked.load(Ordering::SeqCst), 0, "nothing is asked for that is there");
    let (_, after) = stored(&*store).await;
    assert_eq!((after.refresh.0.expose(), after.unread.len()), ("rt-2", 0));
}

#[tokio::test]
async fn an_answer_that_was_kept_revives_a_grant_that_has_ended() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let ended = GrantState::Ended { reason: ReauthorizationReason::ResponseLost };
    let unread = UnreadAnswer { bytes: b"?at rt-2".to_vec().into(), asked_at: 1 };
    put(&*store, 0, &record(ended).keeping(unread)).await;
    let vault = vault(store.clone(), &clock);
    let old = Scripted::new(&clock, []);
    assert_eq!(run_all(&vault, &old).await.unwrap_err().code(), ErrorCode::Closed, "it stays settled");
    let later = Scripted { reads_all: true, ..old };
    assert_eq!(refresh_of(&run_all(&vault, &later).await.unwrap()), "rt-2");
}

#[tokio::test]
async fn an_answer_that_was_kept_does_not_bring_back_a_grant_that_belongs_elsewhere() {
    for state in [
        GrantState::Ended { reason: ReauthorizationReason::Exported },
        GrantState::Moving { to: "h".into(), ticket: "t".into() },
    ] {
        let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
        let unread = UnreadAnswer { bytes: b"at rt-2".to_vec().into(), asked_at: 1 };
        put(&*store, 0, &record(state).keeping(unread)).await;
        let operation = Scripted::new(&clock, []);
        run_all(&vault(store.clone(), &clock), &operation).await.unwrap_err();
        assert_eq!(stored(&*store).await.0, 1, "nothing was written");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unread_answer_is_kept_for_as_long_as_it_takes_before_its_error_is_reported() {
    let clock = ManualClock::new();
    let (store, _) = store_with_swaps(after_the_journal((0..4).map(|_| Fate::Fails("it is down"))));
    put(&*store, 0, &idle()).await;
    let operation = Scripted::new(&clock, [Ok("?at rt-2")]);
    run_all(&vault(store.clone(), &clock), &operation).await.unwrap_err();
    assert_eq!(stored(&*store).await.1.unread.len(), 1);
    assert_eq!(operation.told(), 4, "each failure was told, and waited after");
}

#[tokio::test]
async fn a_failure_is_reported_as_what_it_was_though_the_store_fails_too() {
    let clock = ManualClock::new();
    let (store, _) = store_with_swaps(after_the_journal([Fate::Fails("it is down")]));
    put(&*store, 0, &idle()).await;
    let unavailable = Error::ConnectTimeout { to: None };
    let operation = Scripted::new(&clock, [Err(unavailable)]);
    let error = run_all(&vault(store.clone(), &clock), &operation).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(matches!(stored(&*store).await.1.state, GrantState::Exchanging { .. }), "the journal stays");
}

#[tokio::test]
async fn a_dead_holders_operation_counts_as_unresolved() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let until = clock.now().unix_millis() - CLOCK_SKEW_MILLIS;
    put(&*store, 0, &exchanging("dead", until, 0)).await;
    let operation = Scripted::new(&clock, [Err(Error::ConnectTimeout { to: None })]);
    run_all(&vault(store.clone(), &clock), &operation).await.unwrap_err();
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.state), (3, GrantState::Idle { unresolved: 1 }), "journalled, and taken back");
}

#[tokio::test(start_paused = true)]
async fn a_holder_whose_clock_is_ahead_is_waited_for_no_longer_than_a_lease() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let until = clock.now().unix_millis() + 7 * 24 * 3600 * 1000;
    put(&*store, 0, &exchanging("other", until, 0)).await;
    let waiting = tokio::spawn({
        let (vault, clock) = (vault(store.clone(), &clock), clock.clone());
        async move { run_all(&vault, &Scripted::new(&clock, [Ok("at rt-2")])).await }
    });
    let mut watched = Duration::ZERO;
    while !waiting.is_finished() {
        clock.advance(LEASE_POLL);
        watched += LEASE_POLL;
        tokio::time::sleep(LEASE_POLL).await;
    }
    let lease = Duration::from_millis(LEASE_MILLIS);
    assert!((lease..=lease + LEASE_POLL * 3).contains(&watched), "{watched:?}");
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_late_commit_wins_over_a_lease_taken_over_but_not_over_a_new_authorization() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let journal = exchanging("me", 0, 0);
    put(&*store, 0, &journal).await;
    put(&*store, 1, &exchanging("other", 0, 1)).await;
    let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
    assert!(commit(&vault, &operation, 1, &journal).await.is_some());
    let (_, after) = stored(&*store).await;
    assert_eq!((after.refresh.0.expose(), after.contested), ("rt-2", true));

    let authorized = GrantRecord::new(RefreshToken(Secret::new("rt-new")), 0);
    put(&*store, 3, &authorized).await;
    assert!(commit(&vault, &operation, 3, &journal).await.is_none());
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-new");
}

#[tokio::test]
async fn a_commit_does_not_bring_back_what_was_forgotten() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let journal = exchanging("me", 0, 0);
    put(&*store, 0, &journal).await;
    let forgotten = GrantRecord::tombstone(0);
    put(&*store, 1, &forgotten).await;
    let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
    assert!(commit(&vault, &operation, 1, &journal).await.is_none());
    assert_eq!(stored(&*store).await, (2, forgotten));
}

#[tokio::test]
async fn a_commit_over_a_journal_that_was_sealed_anew_is_not_contested() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let journal = exchanging("me", 0, 0);
    put(&*store, 0, &journal).await;
    for _ in 0..3 {
        reseal(&*store).await;
    }
    let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
    assert!(commit(&vault, &operation, 1, &journal).await.is_some());
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.refresh.0.expose(), after.contested), (5, "rt-2", false));
}

#[tokio::test]
async fn a_failure_is_written_down_over_a_journal_that_was_sealed_anew() {
    let (clock, store) = (ManualClock::new(), Arc::new(MemoryStore::new()));
    let journal = exchanging("me", u64::MAX, 0);
    put(&*store, 0, &journal).await;
    reseal(&*store).await;
    let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
    let outcome = Outcome::Failed(Error::ConnectTimeout { to: None });
    write_down(&vault, &operation, 1, &journal, outcome).await.unwrap_err();
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.state), (3, GrantState::Idle { unresolved: 0 }), "nobody waits for a lease");
}

/// A store in memory, each swap of which has the next of these fates; when there are no more, it passes.
fn store_with_swaps(fates: impl IntoIterator<Item = Fate>) -> (Arc<dyn Store>, Arc<Mutex<Vec<Version>>>) {
    let fates = Mutex::new(fates.into_iter().collect::<VecDeque<_>>());
    let swaps = Arc::new(Mutex::new(Vec::new()));
    let store = ScriptedStore::new({
        let swaps = Arc::clone(&swaps);
        move |call| {
            let Call::Swap { expected, .. } = call else { return Fate::Passes };
            swaps.lock().unwrap().push(expected);
            fates.lock().unwrap().pop_front().unwrap_or(Fate::Passes)
        }
    });
    (Arc::new(store), swaps)
}

/// These fates for the swaps that come after a record was put there, and a journal.
fn after_the_journal(fates: impl IntoIterator<Item = Fate>) -> impl Iterator<Item = Fate> {
    [Fate::Passes, Fate::Passes].into_iter().chain(fates)
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_repeated_until_it_is_known_to_be_there() {
    let clock = ManualClock::new();
    for down in [true, false] {
        // The put, and then the first attempt.
        let (store, _) =
            store_with_swaps([Fate::Passes, if down { Fate::Fails("it is down") } else { Fate::AnswerLost }]);
        let journal = exchanging("me", 0, 0);
        put(&*store, 0, &journal).await;
        let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
        assert!(commit(&vault, &operation, 1, &journal).await.is_some());
        let (version, after) = stored(&*store).await;
        assert_eq!((version, after.refresh.0.expose()), (2, "rt-2"), "written once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_makes_the_record_again_in_a_store_that_was_emptied_once_that_takes_writes() {
    let clock = ManualClock::new();
    let (store, swaps) = store_with_swaps([(); 3].map(|()| Fate::Fails("it is down")));
    let (vault, operation) = (vault(store.clone(), &clock), Scripted::new(&clock, []));
    assert!(commit(&vault, &operation, 7, &exchanging("me", 0, 0)).await.is_some());
    let (version, after) = stored(&*store).await;
    assert_eq!((version, after.refresh.0.expose()), (1, "rt-2"));
    assert_eq!(*swaps.lock().unwrap(), [7, 0, 0, 0], "no record is version 0");
    assert_eq!(operation.told(), 3, "each failure was told, and waited after");
}

#[tokio::test(start_paused = true)]
async fn a_commit_does_not_spin_on_a_store_that_neither_has_the_record_nor_takes_it() {
    let clock = ManualClock::new();
    // It loses what it was given, and takes nothing for a while.
    let (store, swaps) = store_with_swaps((0..100).map(|_| Fate::RaceLost));
    let operation = Arc::new(Scripted::new(&clock, []));
    let committing = tokio::spawn({
        let (vault, operation) = (vault(store.clone(), &clock), Arc::clone(&operation));
        async move { commit(&vault, &operation, 7, &exchanging("me", 0, 0)).await.is_some() }
    });
    // Of a clock that moves only when nobody has anything to do.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (swaps, told) = (u32::try_from(swaps.lock().unwrap().len()).unwrap(), operation.told());
    assert!((10..=20).contains(&swaps), "{swaps} attempts in a minute");
    assert_eq!(told, swaps - 1, "each was told but the first, after which it may have been another process");
    assert!(committing.await.unwrap(), "for as long as it takes");
    assert_eq!(stored(&*store).await.1.refresh.0.expose(), "rt-2");
}

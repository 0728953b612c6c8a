use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::http::{ConnectOptions, Connector};
use crate::lifecycle::OAuthAppOptions;
use crate::once::Listener;
use crate::secret::Secret;
use crate::store::scripted::{Call, Fate, ScriptedStore};
use crate::store::{MemoryStore, Record as _, Sealer, Store, Swap};
use crate::token::RefreshToken;

const DAY_MILLIS: u64 = 24 * 3600 * 1000;
const OPTIONS: KeepAliveOptions =
    KeepAliveOptions { idle: Duration::from_secs(14 * 24 * 3600), per_second: 100 };
const DAILY: BackgroundOptions = BackgroundOptions { pass: OPTIONS, every: DAY };

/// An app whose token endpoint nobody listens at: port 9 of loopback (discard).
fn app(store: &Arc<dyn Store>, clock: &ManualClock, listener: Listener) -> Arc<OAuthApp> {
    let options = OAuthAppOptions {
        client: OAuthClient::new("id".into(), "secret".into(), ClientAuthentication::Body).unwrap(),
        redirect_uri: "http://localhost:3000/callback".into(),
        scopes: Vec::new(),
        environment: None,
        base_url: Some("http://127.0.0.1:9".into()),
        authorize_url: None,
        token_url: None,
        pkce: false,
        send_response_type: true,
        send_redirect_uri: true,
        issuer: None,
        store: Arc::clone(store),
        listener,
        sealing: None,
    };
    let connector = Connector::new(ConnectOptions::default()).unwrap();
    OAuthApp::new(options, &connector, Arc::new(clock.clone())).unwrap()
}

/// Stores a grant whose refresh token dies in so many milliseconds.
async fn put(store: &dyn Store, id: &str, now: u64, left: u64, state: GrantState) {
    let refresh = RefreshToken(Secret::new("rt"));
    let record = GrantRecord { state, ..GrantRecord::new(refresh, now + left - 28 * DAY_MILLIS) };
    let bytes = Sealer::new(&MemoryStore::new(), None).unwrap().seal(id, 1, &record).unwrap();
    assert_eq!(store.swap(id, 0, bytes, record.due()).await.unwrap(), Swap::Won);
}

#[tokio::test(start_paused = true)]
async fn a_pass_takes_each_grant_once_however_many_stay_due() {
    const GRANTS: u64 = 2_345;
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), ManualClock::new());
    let now = clock.now().unix_millis();
    for number in 0..GRANTS {
        // Somebody else is renewing it.
        let state = GrantState::Exchanging { owner: "other".into(), until: now + 60_000, unresolved: 0 };
        put(&*store, &number.to_string(), now, DAY_MILLIS + number, state).await;
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let progress = {
        let seen = Arc::clone(&seen);
        move |progress| seen.lock().unwrap().push(progress)
    };
    let done = app(&store, &clock, Listener::default()).keep_alive(OPTIONS, progress).await.unwrap();
    assert_eq!(done, KeepAliveProgress { skipped: GRANTS, ..KeepAliveProgress::default() });
    let seen = seen.lock().unwrap();
    assert_eq!(
        seen.iter().map(|progress| progress.skipped).collect::<Vec<_>>(),
        (1..=GRANTS).collect::<Vec<_>>()
    );
    let pages =
        [999, 999, 344].map(|first| seen.iter().filter(|progress| progress.remaining == first).count());
    assert_eq!(pages, [2, 2, 3], "remaining counts down from each page");
}

#[tokio::test(start_paused = true)]
async fn a_pass_comes_to_its_end_at_any_rate() {
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), ManualClock::new());
    put(&*store, "due", clock.now().unix_millis(), DAY_MILLIS, GrantState::Idle { unresolved: 0 }).await;
    for per_second in [0, 1, u32::MAX] {
        let options = KeepAliveOptions { per_second, ..OPTIONS };
        let done = app(&store, &clock, Listener::default()).keep_alive(options, |_| {}).await.unwrap();
        assert_eq!(done.failed, 1, "{per_second}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_token_endpoint_is_down_each_owner_is_warned_once_in_a_pass() {
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), ManualClock::new());
    let now = clock.now().unix_millis();
    let mut expected = BTreeMap::new();
    for number in 0..20 {
        for (left, days) in
            [(DAY_MILLIS / 2, 1), (DAY_MILLIS, 3), (3 * DAY_MILLIS - 1, 3), (5 * DAY_MILLIS, 7)]
        {
            let id = format!("{left}-{number}");
            put(&*store, &id, now, left, GrantState::Idle { unresolved: 0 }).await;
            expected.insert(id, (now + left, days));
        }
        let id = format!("later-{number}");
        put(&*store, &id, now, 7 * DAY_MILLIS, GrantState::Idle { unresolved: 0 }).await;
    }
    let (told, failed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU32::new(0)));
    let listener = Listener::new({
        let (told, failed) = (Arc::clone(&told), Arc::clone(&failed));
        move |event| {
            match event {
                Event::Expiring { grant_id, expires_at, days } => {
                    told.lock().unwrap().push((grant_id, (expires_at, days)));
                }
                Event::RenewalFailed { .. } => drop(failed.fetch_add(1, Ordering::SeqCst)),
                other => panic!("{other:?}"),
            }
            true
        }
    });
    let app = app(&store, &clock, listener);
    for pass in 1..=2 {
        let done = Arc::clone(&app).keep_alive(OPTIONS, |_| {}).await.unwrap();
        let tried = failed.swap(0, Ordering::SeqCst);
        assert_eq!((done.failed, done.failed + done.remaining), (tried.into(), 100));
        assert!((FAILURES..FAILURES + 64).contains(&tried), "{tried} attempts");
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(told.len(), expected.len(), "pass {pass}");
        assert_eq!(told.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}

/// How often a store was asked for what is due, and whether it fails to answer.
#[derive(Debug, Default)]
struct Asked {
    times: AtomicU32,
    fails: AtomicBool,
}

impl Asked {
    fn store() -> (Arc<Self>, Arc<dyn Store>) {
        let asked = Arc::new(Self::default());
        let store = ScriptedStore::new({
            let asked = Arc::clone(&asked);
            move |call| {
                if !matches!(call, Call::Due) {
                    return Fate::Passes;
                }
                asked.times.fetch_add(1, Ordering::SeqCst);
                if asked.fails.load(Ordering::SeqCst) { Fate::Fails("it is down") } else { Fate::Passes }
            }
        });
        (asked, Arc::new(store))
    }
}

#[tokio::test(start_paused = true)]
async fn passes_in_the_background_come_daily_and_go_with_the_last_app_that_wants_them() {
    let ((asked, store), clock) = (Asked::store(), ManualClock::new());
    let [one, other] = [(); 2].map(|()| app(&store, &clock, Listener::default()));
    let passes = tokio::spawn(one.keep_alive_in_background(DAILY));
    // One of them has all the work.
    other.keep_alive_in_background(DAILY).await;
    let times = || asked.times.load(Ordering::SeqCst);
    assert_eq!(times(), 0, "not at once");
    tokio::time::sleep(FIRST_PASS).await;
    assert_eq!(times(), 1, "but soon");
    drop(one);
    for day in 2..=10 {
        tokio::time::sleep(DAY).await;
        assert!((day - 1..=day).contains(&times()), "{} passes in {day} days", times());
    }
    assert!(!passes.is_finished());
    drop(other);
    passes.await.unwrap();
    let before = times();
    tokio::time::sleep(DAY * 3).await;
    assert_eq!(times(), before);
}

#[tokio::test(start_paused = true)]
async fn passes_that_differ_come_beside_one_another() {
    let ((asked, store), clock) = (Asked::store(), ManualClock::new());
    let [one, other] = [(); 2].map(|()| app(&store, &clock, Listener::default()));
    let hourly = BackgroundOptions { every: Duration::from_secs(3600), ..DAILY };
    let running =
        [one.keep_alive_in_background(DAILY), other.keep_alive_in_background(hourly)].map(tokio::spawn);
    tokio::time::sleep(FIRST_PASS).await;
    assert_eq!(asked.times.load(Ordering::SeqCst), 2);
    drop((one, other));
    for passes in running {
        passes.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_fails_is_told_and_the_next_one_comes() {
    let ((asked, store), clock) = (Asked::store(), ManualClock::new());
    asked.fails.store(true, Ordering::SeqCst);
    let told = Arc::new(AtomicU32::new(0));
    let listener = Listener::new({
        let told = Arc::clone(&told);
        move |event| {
            assert!(matches!(event, Event::KeepAliveFailed { error: Error::Store { .. } }), "{event:?}");
            told.fetch_add(1, Ordering::SeqCst);
            true
        }
    });
    let app = app(&store, &clock, listener);
    let passes = tokio::spawn(app.keep_alive_in_background(DAILY));
    tokio::time::sleep(DAY * 5).await;
    let failed = told.load(Ordering::SeqCst);
    assert!((4..=6).contains(&failed), "{failed} passes");
    assert_eq!(asked.times.load(Ordering::SeqCst), failed);
    asked.fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(DAY * 2).await;
    assert!(asked.times.load(Ordering::SeqCst) > failed);
    assert_eq!(told.load(Ordering::SeqCst), failed);
    drop(app);
    passes.await.unwrap();
}

#[tokio::test]
async fn the_record_of_a_forgotten_grant_is_removed_a_day_later() {
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), ManualClock::new());
    let app = app(&store, &clock, Listener::default());
    let now = clock.now().unix_millis();
    put(&*store, "g", now, 28 * DAY_MILLIS, GrantState::Idle { unresolved: 0 }).await;
    Arc::clone(&app).forget("g".into()).await.unwrap();
    let pass = || keep_one_alive(&app.grants, "g", u64::MAX);
    assert_eq!(pass().await.unwrap(), KeptAlive::Skipped);
    assert!(store.load("g").await.unwrap().is_some(), "another process may have read the grant just before");
    clock.advance(DAY);
    assert_eq!(pass().await.unwrap(), KeptAlive::Skipped);
    assert!(store.load("g").await.unwrap().is_none());
}

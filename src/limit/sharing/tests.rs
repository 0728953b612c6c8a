//! Sharing on Tokio's paused clock, with a window that the test decides for.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::Method;
use tokio::time::sleep;

use super::super::answer::LimitHeaders;
use super::super::endpoint::{Endpoint, Endpoints};
use super::super::guard::Trip;
use super::super::permit::Permit;
use super::super::shared::{Report, SharedFuture};
use super::*;
use crate::clock::instant;
use crate::error::Error;
use crate::http::{BaseUrl, Priority, Target, UntilEnd as _};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Grants what it is told to.
#[derive(Debug, Default)]
struct Decided {
    permits: AtomicUsize,
    down: AtomicBool,
    asked: Mutex<Vec<Ask>>,
    events: Mutex<Vec<String>>,
}

impl SharedWindow for Decided {
    fn ask(&self, ask: Ask) -> SharedFuture<'_> {
        let want = ask.want;
        self.asked.lock().unwrap().push(ask);
        Box::pin(async move {
            sleep(ms(1)).await;
            if self.down.load(Ordering::SeqCst) {
                return Err(Error::Store { operation: "limits", problem: "it is down".into() });
            }
            let granted = self.permits.load(Ordering::SeqCst).min(want);
            self.permits.fetch_sub(granted, Ordering::SeqCst);
            Ok(Told { granted, wait: ms(20), members: 4 })
        })
    }

    fn lost(&self, members: usize, _error: &Error) {
        let mut events = self.events.lock().unwrap();
        events.push(format!("lost, {members} members"));
        events.dedup();
    }

    fn restored(&self) {
        self.events.lock().unwrap().push("restored".to_owned());
    }
}

fn shared() -> (Arc<Limiter>, Arc<Decided>) {
    let (limiter, window) = (Limiter::new(), Arc::new(Decided::default()));
    limiter.share(&(Arc::clone(&window) as Arc<dyn SharedWindow>), Identity::new(&[]));
    (limiter, window)
}

fn endpoint(path: &str) -> Endpoint {
    let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
    Endpoints::documented().of(&Method::GET, &Target::parse(&base, path, &[], &[]).unwrap())
}

async fn permit(limiter: &Arc<Limiter>) -> Permit {
    limiter.admit(&endpoint("/jobs"), Priority::Interactive, false, 1000).await.unwrap()
}

async fn call(limiter: &Arc<Limiter>) {
    let mut permit = permit(limiter).await;
    permit.leaves();
    permit.answered(&LimitHeaders::default(), Trip::Direct);
    permit.ended();
}

fn reports(window: &Decided) -> Vec<Report> {
    window
        .asked
        .lock()
        .unwrap()
        .iter()
        .flat_map(|ask| ask.reports.iter().map(|(_, report)| *report))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn requests_go_as_permits_are_granted_and_what_became_of_them_is_told() {
    let (limiter, window) = shared();
    window.permits.store(2, Ordering::SeqCst);
    let calls = join_all((0..3).map(|_| call(&limiter)));
    tokio::pin!(calls);
    assert!(tokio::time::timeout(ms(500), &mut calls).await.is_err(), "two permits are no three");
    window.permits.store(1, Ordering::SeqCst);
    calls.await;
    sleep(ms(100)).await;
    let told = reports(&window);
    let count = |wanted: fn(&Report) -> bool| told.iter().filter(|report| wanted(report)).count();
    assert_eq!(count(|report| matches!(report, Report::Received { .. })), 3);
    assert_eq!(count(|report| matches!(report, Report::Ended)), 3);
    let asked = window.asked.lock().unwrap().len();
    sleep(ms(60_000)).await;
    assert_eq!(window.asked.lock().unwrap().len(), asked, "nobody asks for nothing");
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_permits_are_asked_for_is_not_forgotten() {
    let (limiter, window) = shared();
    window.permits.store(10, Ordering::SeqCst);
    let mut slow = permit(&limiter).await;
    slow.leaves();
    sleep(ms(100)).await;
    let first = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { permit(&limiter).await }
    });
    while window.asked.lock().unwrap().iter().all(|ask| ask.first == 0 || ask.want == 0) {
        tokio::task::yield_now().await;
    }
    let asked = instant();
    let second = permit(&limiter).await;
    assert!(instant() - asked < RENEWAL);
    drop((slow, first.await.unwrap(), second));
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_renewed_and_what_nobody_wants_given_back() {
    let (limiter, window) = shared();
    window.permits.store(1, Ordering::SeqCst);
    let mut held = permit(&limiter).await;
    held.leaves();
    sleep(RENEWAL * 3).await;
    let pending = reports(&window).iter().filter(|report| **report == Report::Pending).count();
    assert!(pending >= 2, "{pending} renewals");
    drop(held);
    window.permits.store(1, Ordering::SeqCst);
    let gone = permit(&limiter);
    assert!(gone.now_or_never().is_none());
    sleep(ms(100)).await;
    assert_eq!(
        reports(&window).iter().filter(|report| **report == Report::Unused).count(),
        0,
        "it was not granted"
    );
    assert_eq!(window.permits.load(Ordering::SeqCst), 1, "nor asked for");
}

#[tokio::test(start_paused = true)]
async fn without_the_window_each_process_keeps_to_its_part_after_a_second() {
    let (limiter, window) = shared();
    window.permits.store(1, Ordering::SeqCst);
    call(&limiter).await;
    sleep(ms(5000)).await;
    window.down.store(true, Ordering::SeqCst);
    let start = limiter.now();
    let calls = join_all((0..6).map(|_| call(&limiter)));
    calls.await;
    // A quiet second, then 10 / 4 = 2 a second.
    let took = limiter.now().saturating_sub(start);
    assert!((ms(3100)..ms(3200)).contains(&took), "{took:?}");
    assert_eq!(*window.events.lock().unwrap(), ["lost, 4 members"]);
    window.down.store(false, Ordering::SeqCst);
    window.permits.store(100, Ordering::SeqCst);
    sleep(ms(2000)).await;
    call(&limiter).await;
    sleep(ms(1100)).await;
    call(&limiter).await;
    assert_eq!(*window.events.lock().unwrap(), ["lost, 4 members", "restored"]);
    let returned = window.asked.lock().unwrap().iter().filter(|ask| ask.returns).map(|ask| ask.want).max();
    assert_eq!(returned, Some(0), "nothing is wanted before it has said that it returns");
    let limits = limiter.limits();
    assert_eq!((limits[0].per_second, limits[0].waiting), (10, 0));
}

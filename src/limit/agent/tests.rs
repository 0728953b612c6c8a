//! Agents on Tokio's paused clock, with a shared window that the test controls.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::Method;
use tokio::time::sleep;

use super::*;
use crate::clock::instant;
use crate::error::Error;
use crate::http::{BaseUrl, Priority, Target, UntilEnd as _};
use crate::limit::credential_id::CredentialId;
use crate::limit::endpoints::{Endpoint, Endpoints};
use crate::limit::limiter::Admission;
use crate::limit::permit::Permit;
use crate::limit::schedule::{Connection, LimitHeaders};
use crate::limit::shared::{PermitReply, PermitReport, PermitRequest, RENEWAL, SharedFuture};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A shared window that grants as many permits as the test allows.
#[derive(Debug, Default)]
struct Controlled {
    permits: AtomicUsize,
    down: AtomicBool,
    asked: Mutex<Vec<PermitRequest>>,
    events: Mutex<Vec<String>>,
}

impl SharedWindow for Controlled {
    fn ask(&self, request: PermitRequest) -> SharedFuture<'_> {
        let wanted = request.wanted;
        self.asked.lock().unwrap().push(request);
        Box::pin(async move {
            sleep(ms(1)).await;
            if self.down.load(Ordering::SeqCst) {
                return Err(Error::Store { operation: "limits", problem: "it is down".into() });
            }
            let granted = self.permits.load(Ordering::SeqCst).min(wanted);
            self.permits.fetch_sub(granted, Ordering::SeqCst);
            Ok(PermitReply { granted, wait: ms(20), members: 4 })
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

fn shared() -> (Arc<Limiter>, Arc<Controlled>) {
    let (limiter, window) = (Limiter::new(), Arc::new(Controlled::default()));
    let shared: Arc<dyn SharedWindow> = window.clone();
    limiter.share(&shared, CredentialId::new(&[]));
    (limiter, window)
}

fn endpoint(path: &str) -> Endpoint {
    let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
    Endpoints::documented().of(&Method::GET, &Target::parse(&base, path, &[], &[]).unwrap())
}

async fn permit(limiter: &Arc<Limiter>) -> Permit {
    let turn = match limiter.enter(&endpoint("/jobs"), Priority::Interactive, false, 1000).unwrap() {
        Admission::Turn(turn) => turn,
        Admission::Place(place) => {
            ensure_agent(limiter, place.endpoint());
            place.turn().await
        }
    };
    Permit::new(limiter, turn)
}

async fn call(limiter: &Arc<Limiter>) {
    let mut permit = permit(limiter).await;
    permit.leaves();
    permit.answered(&LimitHeaders::default(), Connection::Reused);
    permit.ended();
}

fn reports(window: &Controlled) -> Vec<PermitReport> {
    window
        .asked
        .lock()
        .unwrap()
        .iter()
        .flat_map(|request| request.reports.iter().map(|(_, report)| *report))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn requests_are_sent_as_permits_are_granted_and_reported_afterwards() {
    let (limiter, window) = shared();
    window.permits.store(2, Ordering::SeqCst);
    let calls = join_all((0..3).map(|_| call(&limiter)));
    tokio::pin!(calls);
    assert!(
        tokio::time::timeout(ms(500), &mut calls).await.is_err(),
        "two permits were enough for three calls"
    );
    window.permits.store(1, Ordering::SeqCst);
    calls.await;
    sleep(ms(100)).await;
    let reported = reports(&window);
    let count = |wanted: fn(&PermitReport) -> bool| reported.iter().filter(|report| wanted(report)).count();
    assert_eq!(count(|report| matches!(report, PermitReport::Received { .. })), 3);
    assert_eq!(count(|report| matches!(report, PermitReport::Finished)), 3);
    let asked = window.asked.lock().unwrap().len();
    sleep(ms(60_000)).await;
    assert_eq!(window.asked.lock().unwrap().len(), asked, "an idle agent sends requests");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_during_a_request_for_permits_is_not_forgotten() {
    let (limiter, window) = shared();
    window.permits.store(10, Ordering::SeqCst);
    let mut slow = permit(&limiter).await;
    slow.leaves();
    sleep(ms(100)).await;
    let first = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { permit(&limiter).await }
    });
    while window.asked.lock().unwrap().iter().all(|request| request.first == 0 || request.wanted == 0) {
        tokio::task::yield_now().await;
    }
    let asked = instant();
    let second = permit(&limiter).await;
    assert!(instant() - asked < RENEWAL);
    drop((slow, first.await.unwrap(), second));
}

#[tokio::test(start_paused = true)]
async fn held_permits_are_renewed_and_unneeded_ones_are_not_requested() {
    let (limiter, window) = shared();
    window.permits.store(1, Ordering::SeqCst);
    let mut held = permit(&limiter).await;
    held.leaves();
    sleep(RENEWAL * 3).await;
    let pending = reports(&window).iter().filter(|report| **report == PermitReport::Pending).count();
    assert!(pending >= 2, "{pending} renewals");
    drop(held);
    window.permits.store(1, Ordering::SeqCst);
    let gone = permit(&limiter);
    assert!(gone.now_or_never().is_none());
    sleep(ms(100)).await;
    assert_eq!(
        reports(&window).iter().filter(|report| **report == PermitReport::Unused).count(),
        0,
        "no permit was granted"
    );
    assert_eq!(window.permits.load(Ordering::SeqCst), 1, "no permit was requested");
}

#[tokio::test(start_paused = true)]
async fn without_the_window_each_process_uses_its_part_after_a_second() {
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
    let returned = window
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|request| request.is_returning)
        .map(|request| request.wanted)
        .max();
    assert_eq!(returned, Some(0), "permits were requested before the process reported that it returns");
    let limits = limiter.update(|scheduler, now| scheduler.limits(now));
    assert_eq!((limits[0].per_second, limits[0].waiting), (10, 0));
}

//! Calls that wait for one place, in thousands of orders: the limit holds, and a place that becomes free goes to a call
//! that waits. No timer ends here, so a call whose wake-up is missed waits for ever, and the model fails.

use futures_util::FutureExt as _;
use http::Method;
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::http::{BaseUrl, Target, UntilEnd as _};
use crate::limit::endpoints::Endpoints;
use crate::limit::permit::Permit;
use crate::limit::schedule::{ConcurrencyScope, Connection, LimitHeaders};
use crate::sync::explore;

/// How a call goes on that has its turn.
#[derive(Clone, Copy)]
enum End {
    /// It is sent, and answered.
    Answered,
    /// It is given up before it is sent.
    Unsent,
}

/// The one place, in the hands of a call that may be aborted.
struct Occupied<'a>(&'a AtomicUsize);

impl<'a> Occupied<'a> {
    fn new(in_progress: &'a AtomicUsize) -> Self {
        assert_eq!(in_progress.fetch_add(1, Ordering::SeqCst), 0, "two calls have the one place");
        Self(in_progress)
    }
}

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn admit(limiter: &Arc<Limiter>, endpoint: &Endpoint) -> Permit {
    let turn = match limiter.enter(endpoint, Priority::Interactive, false, 10).unwrap() {
        Admission::Turn(turn) => turn,
        Admission::Place(place) => place.turn().await,
    };
    Permit::new(limiter, turn)
}

async fn call(limiter: Arc<Limiter>, endpoint: Endpoint, in_progress: Arc<AtomicUsize>, end: End) {
    let mut permit = admit(&limiter, &endpoint).await;
    let occupied = Occupied::new(&in_progress);
    yield_now().await;
    drop(occupied);
    if let End::Answered = end {
        permit.leaves();
        permit.answered(&LimitHeaders::default(), Connection::Reused);
        permit.ended();
    }
}

#[test]
fn a_free_place_goes_to_a_call_that_waits() {
    let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
    let target = Target::parse(&base, "/jobs", &[], &[]).unwrap();
    let endpoint = Endpoints::documented().of(&Method::GET, &target);
    explore(move || {
        let limiter = Limiter::new();
        limiter.access(|scheduler| scheduler.restrict(ConcurrencyScope::default(), Some(1)));
        let in_progress = Arc::new(AtomicUsize::new(0));
        let start = |end| call(Arc::clone(&limiter), endpoint.clone(), Arc::clone(&in_progress), end);
        block_on(async {
            let calls: Vec<_> = [End::Answered, End::Unsent, End::Answered].map(start).map(spawn).into();
            // A caller's abort, wherever the call is: in the queue, with a turn that nobody has seen yet, or sent.
            let aborted = spawn(start(End::Answered));
            yield_now().await;
            aborted.abort();
            for call in calls {
                call.await.unwrap();
            }
            let _ = aborted.await;
            let free = admit(&limiter, &endpoint).now_or_never();
            assert!(free.is_some(), "the place was not given back");
            assert!(limiter.lock().waiters.is_empty(), "a call that is over has a place in the queue");
        });
    });
}

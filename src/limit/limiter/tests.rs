//! The limiter on Tokio's paused clock, against a server that counts requests as the vendor's server does.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::Method;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use super::*;
use crate::error::Error;
use crate::http::{BaseUrl, Target, UntilEnd as _};
use crate::limit::endpoints::Endpoints;
use crate::limit::permit::Permit;
use crate::limit::schedule::{Connection, EndpointLimits, LimitHeaders};

const QUEUE: usize = 10_000;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn since(start: Instant) -> Duration {
    instant() - start
}

fn endpoint(path: &str) -> Endpoint {
    let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
    let target = Target::parse(&base, path, &[], &[]).unwrap();
    Endpoints::documented().of(&Method::GET, &target)
}

async fn admit(
    limiter: &Arc<Limiter>,
    endpoint: &Endpoint,
    priority: Priority,
    before: bool,
    most: usize,
) -> Result<Permit> {
    let turn = match limiter.enter(endpoint, priority, before, most)? {
        Admission::Turn(turn) => turn,
        Admission::Place(place) => place.turn().await,
    };
    Ok(Permit::new(limiter, turn))
}

fn limits(limiter: &Limiter) -> Vec<EndpointLimits> {
    limiter.update(|scheduler, now| scheduler.limits(now))
}

/// Returns a permit if the call need not wait.
fn at_once(limiter: &Arc<Limiter>, path: &str) -> Option<Permit> {
    admit(limiter, &endpoint(path), Priority::Interactive, false, QUEUE).now_or_never().map(Result::unwrap)
}

/// Sends a request whose answer comes at once and is empty.
fn send(mut permit: Permit, headers: &LimitHeaders) {
    permit.leaves();
    permit.answered(headers, Connection::Reused);
    permit.ended();
}

async fn call(limiter: &Arc<Limiter>, path: &str, priority: Priority) {
    let permit = admit(limiter, &endpoint(path), priority, false, QUEUE).await.unwrap();
    send(permit, &LimitHeaders::default());
}

fn figures(limiter: &Limiter, path: &str) -> EndpointLimits {
    let name = endpoint(path).name().to_owned();
    limits(limiter).into_iter().find(|limits| limits.endpoint == name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn ten_are_sent_at_once_and_the_eleventh_a_second_later() {
    let limiter = Limiter::new();
    for _ in 0..10 {
        send(at_once(&limiter, "/jobs").unwrap(), &LimitHeaders::default());
    }
    assert!(at_once(&limiter, "/jobs").is_none());
    assert!(at_once(&limiter, "/users").is_some(), "each endpoint has its own window");
    let start = instant();
    call(&limiter, "/jobs", Priority::Interactive).await;
    assert_eq!(since(start), ms(1000));
    let figures = figures(&limiter, "/jobs");
    assert_eq!((figures.per_second, figures.concurrent, figures.used), (10, 8, 1));
    assert_eq!((figures.in_flight, figures.waiting, figures.longest_wait), (0, 0, ms(1000)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_never_sent_uses_nothing() {
    let limiter = Limiter::new();
    for _ in 0..100 {
        drop(at_once(&limiter, "/jobs").unwrap());
        let mut permit = at_once(&limiter, "/jobs").unwrap();
        permit.leaves();
        permit.never_left();
    }
    assert_eq!(figures(&limiter, "/jobs").used, 0);
}

#[tokio::test(start_paused = true)]
async fn eight_are_in_progress_until_their_answers_are_read() {
    let limiter = Limiter::new();
    let mut permits: Vec<_> = (0..8).map(|_| at_once(&limiter, "/jobs").unwrap()).collect();
    assert!(at_once(&limiter, "/users").is_none());
    for permit in &mut permits {
        permit.leaves();
        permit.answered(&LimitHeaders::default(), Connection::Reused);
    }
    assert!(at_once(&limiter, "/users").is_none(), "their answers have not been read");
    permits.pop().unwrap().ended();
    let permit = at_once(&limiter, "/users").unwrap();
    assert!(at_once(&limiter, "/users").is_none());
    drop(permit);
    assert!(at_once(&limiter, "/users").is_some());
}

#[tokio::test(start_paused = true)]
async fn candidates_are_read_one_at_a_time() {
    let limiter = Limiter::new();
    let mut permit = at_once(&limiter, "/candidates").unwrap();
    assert!(at_once(&limiter, "/candidates").is_none());
    assert!(at_once(&limiter, "/candidates/7").is_some());
    permit.leaves();
    // The request is given up, but the server may work on it.
    drop(permit);
    assert!(at_once(&limiter, "/candidates").is_none());
    sleep(ms(20)).await;
    assert!(at_once(&limiter, "/candidates").is_some());
}

#[tokio::test(start_paused = true)]
async fn calls_are_sent_in_their_order_and_interactive_ones_first() {
    let limiter = Limiter::new();
    let order = Mutex::new(Vec::new());
    let numbered = |number: usize, priority| {
        let (limiter, order) = (&limiter, &order);
        async move {
            call(limiter, "/jobs", priority).await;
            order.lock().unwrap().push(number);
        }
    };
    let calls = (0..60).map(|number| {
        numbered(number, if number % 2 == 0 { Priority::Batch } else { Priority::Interactive })
    });
    join_all(calls).await;
    // The first ten calls did not have to wait.
    let waited = (10..60).filter(|number| number % 2 == 1).chain((10..60).filter(|number| number % 2 == 0));
    assert_eq!(*order.lock().unwrap(), (0..10).chain(waited).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_had_a_turn_before_goes_first() {
    let limiter = Limiter::new();
    for _ in 0..10 {
        send(at_once(&limiter, "/jobs").unwrap(), &LimitHeaders::default());
        sleep(ms(10)).await;
    }
    let order = Mutex::new(Vec::new());
    let numbered = |number: usize, again| {
        let (limiter, order) = (&limiter, &order);
        async move {
            let permit =
                admit(limiter, &endpoint("/jobs"), Priority::Interactive, again, QUEUE).await.unwrap();
            order.lock().unwrap().push(number);
            send(permit, &LimitHeaders::default());
        }
    };
    join_all([numbered(0, false), numbered(1, false), numbered(2, true)]).await;
    assert_eq!(*order.lock().unwrap(), [2, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn endpoints_take_turns_when_requests_in_progress_are_limited() {
    let limiter = Limiter::new();
    let order = Mutex::new(Vec::new());
    let slow = |path: &'static str| {
        let (limiter, order) = (&limiter, &order);
        async move {
            let mut permit =
                admit(limiter, &endpoint(path), Priority::Interactive, false, QUEUE).await.unwrap();
            order.lock().unwrap().push(path);
            permit.leaves();
            sleep(ms(2000)).await;
            permit.answered(&LimitHeaders::default(), Connection::Reused);
            permit.ended();
        }
    };
    let calls = (0..100).map(|_| "/jobs").chain(["/users", "/offers", "/messages"]);
    join_all(calls.map(slow)).await;
    let order = order.lock().unwrap();
    for path in ["/users", "/offers", "/messages"] {
        let place = order.iter().position(|other| *other == path).unwrap();
        assert!(place < 16, "{path} came {place}th");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_leaves_the_queue_holds_no_other_up() {
    let limiter = Limiter::new();
    for _ in 0..10 {
        send(at_once(&limiter, "/jobs").unwrap(), &LimitHeaders::default());
    }
    let mut impatient: Vec<_> =
        (0..1000).map(|_| Box::pin(call(&limiter, "/jobs", Priority::Interactive))).collect();
    for call in &mut impatient {
        assert!(call.now_or_never().is_none());
    }
    let last = call(&limiter, "/jobs", Priority::Interactive);
    tokio::pin!(last);
    assert!((&mut last).now_or_never().is_none());
    assert_eq!(figures(&limiter, "/jobs").waiting, 1001);
    // Some calls leave when their turns could come already.
    impatient.truncate(20);
    assert_eq!(figures(&limiter, "/jobs").waiting, 21);
    tokio::time::advance(ms(1000)).await;
    let mut ready = impatient.pop().unwrap();
    assert!((&mut ready).now_or_never().is_none(), "another call is first");
    drop((impatient, ready));
    last.await;
    let figures = figures(&limiter, "/jobs");
    assert_eq!((figures.waiting, figures.in_flight, figures.used), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_calls() {
    let limiter = Limiter::new();
    let held: Vec<_> = (0..8).map(|_| at_once(&limiter, "/jobs").unwrap()).collect();
    let full = endpoint("/jobs");
    let mut waiting: Vec<_> =
        (0..3).map(|_| Box::pin(admit(&limiter, &full, Priority::Batch, false, 3))).collect();
    for call in &mut waiting {
        assert!(call.now_or_never().is_none());
    }
    let refused = admit(&limiter, &full, Priority::Interactive, false, 3).await.unwrap_err();
    assert!(matches!(refused, Error::QueueFull { endpoint, limit: 3 } if endpoint == "GET /jobs"));
    assert!(
        admit(&limiter, &full, Priority::Interactive, true, 3).now_or_never().is_none(),
        "a call that had a turn before is let in"
    );
    drop(waiting.pop());
    assert!(admit(&limiter, &full, Priority::Interactive, false, 3).now_or_never().is_none());
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_429_holds_back_its_own_endpoint_only() {
    let limiter = Limiter::new();
    let refuse = |permit: &mut Permit, pause| {
        permit.leaves();
        permit.answered(&LimitHeaders::default(), Connection::Reused);
        permit.refused(pause, &LimitHeaders::default());
    };
    let (mut first, mut second) = (at_once(&limiter, "/jobs").unwrap(), at_once(&limiter, "/jobs").unwrap());
    refuse(&mut first, ms(3000));
    assert_eq!(second.refusals_before(), 0);
    refuse(&mut second, ms(1000));
    drop((first, second));
    let start = instant();
    assert!(at_once(&limiter, "/jobs").is_none());
    assert!(at_once(&limiter, "/users").is_some());
    call(&limiter, "/jobs", Priority::Interactive).await;
    assert_eq!(since(start), ms(3000));
    assert_eq!(figures(&limiter, "/jobs").too_many_requests, 2);
}

#[tokio::test(start_paused = true)]
async fn answers_correct_the_tables_limits() {
    let headers = |limit, remaining, concurrent_limit, concurrent_remaining| LimitHeaders {
        limit: Some(limit),
        remaining: Some(remaining),
        concurrent_limit: Some(concurrent_limit),
        concurrent_remaining: Some(concurrent_remaining),
    };
    let limiter = Limiter::new();
    send(at_once(&limiter, "/jobs").unwrap(), &headers(20, 19, 16, 15));
    assert_eq!((figures(&limiter, "/jobs").per_second, figures(&limiter, "/jobs").concurrent), (20, 16));
    send(at_once(&limiter, "/jobs").unwrap(), &headers(3, 1, 2, 1));
    assert_eq!((figures(&limiter, "/jobs").per_second, figures(&limiter, "/jobs").concurrent), (3, 2));
    drop(at_once(&limiter, "/jobs").unwrap());
    // Other processes have sent five requests in this second, and four are in progress.
    let busy = Limiter::new();
    send(at_once(&busy, "/jobs").unwrap(), &headers(10, 4, 8, 3));
    assert_eq!(figures(&busy, "/jobs").used, 6);
    let ours: Vec<_> = (0..4).map_while(|_| at_once(&busy, "/jobs")).collect();
    assert_eq!(ours.len(), 4);
    assert!(at_once(&busy, "/users").is_none(), "eight are in progress");
    sleep(ms(1100)).await;
    assert!(at_once(&busy, "/users").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_given_up_holds_other_endpoints_back_only_while_the_server_may_work_on_it() {
    let limiter = Limiter::new();
    let mut permits: Vec<_> = (0..8).map(|_| at_once(&limiter, "/jobs").unwrap()).collect();
    permits.iter_mut().for_each(Permit::leaves);
    let users = call(&limiter, "/users", Priority::Interactive);
    tokio::pin!(users);
    assert!((&mut users).now_or_never().is_none());
    let start = instant();
    drop(permits);
    users.await;
    assert!(since(start) < ms(20), "{:?}", since(start));
}

/// Random numbers that are the same in each run.
struct Chance(Cell<u64>);

impl Chance {
    /// A random time of up to `most` milliseconds.
    fn ms(&self, most: u64) -> Duration {
        let next =
            self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.set(next);
        if most == 0 { Duration::ZERO } else { Duration::from_micros((next >> 33) % (most * 1000)) }
    }
}

/// Times of the way to the server, its work, and the way back, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Jitter(u64, u64, u64);

/// Runs sixty seconds at full load, and returns when the server received requests and how many it had in progress at most.
async fn full_load(seed: u64, path: &'static str, least: Jitter, jitter: Jitter) -> (Vec<Duration>, usize) {
    let limiter = Limiter::new();
    let chance = Rc::new(Chance(Cell::new(seed)));
    let received = Rc::new(Mutex::new(Vec::new()));
    let progress = Rc::new(Cell::new((0_usize, 0_usize)));
    let start = instant();
    let work = |_| {
        let (limiter, chance) = (Arc::clone(&limiter), Rc::clone(&chance));
        let (received, progress) = (Rc::clone(&received), Rc::clone(&progress));
        spawn_local(async move {
            let mut connection = Connection::New;
            while since(start) < ms(60_000) {
                let permit = admit(&limiter, &endpoint(path), Priority::Interactive, false, QUEUE).await;
                let mut permit = permit.unwrap();
                permit.leaves();
                sleep(ms(least.0) + chance.ms(jitter.0)).await;
                received.lock().unwrap().push(since(start));
                let (now, peak) = progress.get();
                progress.set((now + 1, peak.max(now + 1)));
                sleep(ms(least.1) + chance.ms(jitter.1)).await;
                let (now, peak) = progress.get();
                progress.set((now - 1, peak));
                sleep(ms(least.2) + chance.ms(jitter.2)).await;
                permit.answered(&LimitHeaders::default(), connection);
                connection = Connection::Reused;
                permit.taken();
                permit.ended();
            }
        })
    };
    let workers = LocalSet::new();
    workers.run_until(async { join_all((0..20).map(work)).await }).await;
    let mut received = received.lock().unwrap().clone();
    received.sort_unstable();
    (received, progress.get().1)
}

/// The share of the limit that was used, after the first `limit` requests.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn used(received: &[Duration], limit: usize) -> f64 {
    let span = received.last().unwrap().saturating_sub(*received.first().unwrap());
    (received.len() - limit) as f64 / (limit as f64 * span.as_secs_f64())
}

#[tokio::test(start_paused = true)]
async fn a_minute_at_full_load_uses_the_whole_limit_and_no_second_exceeds_it() {
    for (least, jitter, share) in [
        (Jitter(1, 1, 0), Jitter(0, 2, 0), 0.99),
        (Jitter(20, 60, 20), Jitter(0, 0, 0), 0.99),
        (Jitter(20, 60, 20), Jitter(2, 0, 2), 0.99),
        (Jitter(1, 1, 1), Jitter(50, 0, 0), 0.97),
        (Jitter(1, 1, 1), Jitter(0, 0, 50), 0.97),
        (Jitter(1, 1, 1), Jitter(25, 0, 25), 0.97),
        (Jitter(20, 100, 20), Jitter(20, 300, 20), 0.80),
    ] {
        let mut shares = Vec::new();
        for seed in 1..6 {
            let (received, at_once) = full_load(seed, "/jobs", least, jitter).await;
            for (first, beyond) in received.iter().zip(received.iter().skip(10)) {
                let within = beyond.saturating_sub(*first);
                assert!(within >= ms(1000), "{jitter:?} {seed}: 11 within {within:?}");
            }
            assert!(at_once <= 8, "{at_once} at once");
            shares.push(used(&received, 10));
        }
        let mean = shares.iter().sum::<f64>() / 5.0;
        assert!(mean >= share, "{least:?} {jitter:?}: {shares:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn under_full_load_candidates_are_read_one_at_a_time() {
    let (received, at_once) = full_load(1, "/candidates", Jitter(5, 5, 5), Jitter(20, 20, 20)).await;
    assert_eq!(at_once, 1);
    assert!(received.len() > 500, "{}", received.len());
}

fn least_wait(limiter: &Limiter, endpoint: &Endpoint, priority: Priority) -> Duration {
    limiter.update(|scheduler, now| scheduler.least_wait(endpoint, priority, now))
}

fn unread(limiter: &Limiter, endpoint: &Endpoint) -> Option<(String, usize)> {
    limiter.update(|scheduler, now| scheduler.unread(endpoint, now))
}

fn sent(limiter: &Arc<Limiter>, path: &str) -> Permit {
    let mut permit = at_once(limiter, path).unwrap();
    permit.leaves();
    permit
}

#[tokio::test(start_paused = true)]
async fn the_least_wait_counts_the_taken_places_and_the_calls_before() {
    let limiter = Limiter::new();
    let jobs = endpoint("/jobs");
    assert_eq!(least_wait(&limiter, &jobs, Priority::Interactive), Duration::ZERO);
    for _ in 0..10 {
        let mut permit = sent(&limiter, "/jobs");
        permit.answered(&LimitHeaders::default(), Connection::Reused);
        permit.ended();
    }
    let first = least_wait(&limiter, &jobs, Priority::Interactive);
    assert!((Duration::from_secs(1)..Duration::from_millis(1500)).contains(&first), "{first:?}");
    let mut waiting: Vec<_> =
        (0..20).map(|_| Box::pin(admit(&limiter, &jobs, Priority::Batch, false, 100))).collect();
    for call in &mut waiting {
        assert!(call.now_or_never().is_none());
    }
    // Calls of a batch do not go before an interactive one.
    assert_eq!(least_wait(&limiter, &jobs, Priority::Interactive), first);
    let last = least_wait(&limiter, &jobs, Priority::Batch);
    assert_eq!(last, first + Duration::from_secs(2));
    waiting.truncate(5);
    assert_eq!(least_wait(&limiter, &jobs, Priority::Batch), first);
    assert_eq!(least_wait(&limiter, &endpoint("/candidates"), Priority::Batch), Duration::ZERO);
    drop(waiting);
    sleep(first).await;
    assert_eq!(least_wait(&limiter, &jobs, Priority::Batch), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_least_wait_counts_a_pause() {
    let limiter = Limiter::new();
    let mut refused = sent(&limiter, "/jobs");
    refused.answered(&LimitHeaders::default(), Connection::Reused);
    refused.refused(Duration::from_secs(7), &LimitHeaders::default());
    assert_eq!(least_wait(&limiter, &endpoint("/jobs"), Priority::Interactive), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn unread_answers_are_named_only_while_they_hold_up_calls() {
    let limiter = Limiter::new();
    let held: Vec<_> = (0..8)
        .map(|number| {
            let mut permit = sent(&limiter, if number < 3 { "/jobs" } else { "/candidates/1" });
            permit.answered(&LimitHeaders::default(), Connection::Reused);
            permit
        })
        .collect();
    let jobs = endpoint("/jobs");
    assert_eq!(unread(&limiter, &jobs), None, "these answers are being read");
    let mut held = held.into_iter();
    let mut forgotten: Vec<_> = held.by_ref().take(5).collect();
    forgotten.iter_mut().for_each(Permit::handed_over);
    assert_eq!(unread(&limiter, &jobs), Some(("GET /jobs".to_owned(), 3)));
    assert_eq!(unread(&limiter, &endpoint("/users")), Some(("GET /jobs".to_owned(), 3)));
    drop(held);
    sleep(Duration::from_secs(600)).await;
    assert_eq!(unread(&limiter, &jobs), None, "more requests may be in progress");
    forgotten.iter_mut().for_each(Permit::ended);
    assert_eq!(limits(&limiter).iter().map(|limits| limits.in_flight).sum::<usize>(), 0);
}

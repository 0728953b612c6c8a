use std::sync::atomic::AtomicUsize;

use tokio::sync::Semaphore;

use super::*;
use crate::clock::ManualClock;
use crate::error::{ErrorCode, OAuthErrorCode, ReauthorizationReason, TokenAnswer};
use crate::once::TokenOwnerKind;
use crate::secret::Secret;

const LIFETIME: Duration = Duration::from_secs(1800);

/// An authorization server of our own making: what no real one does on demand.
#[derive(Debug)]
struct Script {
    clock: ManualClock,
    exchanges: AtomicUsize,
    failing: Mutex<Option<Error>>,
    panics: AtomicBool,
    /// Exchanges wait here until the test lets them through.
    gate: Semaphore,
}

impl Exchange for Script {
    fn owner(&self) -> TokenOwner {
        TokenOwner { kind: TokenOwnerKind::Client, id: "id".into(), credential: 0 }
    }

    fn may_repeat(&self, _: &Error) -> bool {
        false
    }
    fn next(self: Arc<Self>, _held: Option<Arc<CurrentToken>>) -> ExchangeFuture {
        Box::pin(async move {
            let number = self.exchanges.fetch_add(1, Ordering::SeqCst) + 1;
            self.gate.acquire().await.unwrap().forget();
            assert!(!self.panics.load(Ordering::SeqCst), "as the test wants");
            let failing = self.failing.lock().unwrap().clone();
            failing.map_or_else(|| Ok(self.token(number)), Err)
        })
    }
}

impl Script {
    fn token(&self, number: usize) -> AccessToken {
        AccessToken {
            value: Secret::new(format!("token-{number}")),
            scopes: Vec::new(),
            issued: self.clock.now(),
            lifetime: LIFETIME,
        }
    }

    fn fail_with(&self, error: Option<Error>) {
        *self.failing.lock().unwrap() = error;
    }

    fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

fn source() -> (Arc<TokenSource>, Arc<Script>, ManualClock) {
    let clock = ManualClock::new();
    let script = Arc::new(Script {
        clock: clock.clone(),
        exchanges: AtomicUsize::new(0),
        failing: Mutex::default(),
        panics: AtomicBool::new(false),
        gate: Semaphore::new(1_000_000),
    });
    let exchange: Arc<dyn Exchange> = Arc::clone(&script) as _;
    (TokenSource::new(exchange, Arc::new(clock.clone())), script, clock)
}

fn outage() -> Error {
    Error::TokenUnavailable {
        problem: "down".into(),
        status: Some(503),
        answer: Box::default(),
        sent: true,
        source: None,
    }
}

fn value(held: &CurrentToken) -> &str {
    held.token.value.expose()
}

/// Lets every task that can go on do so.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ten_thousand_callers_share_one_exchange() {
    let (source, script, clock) = source();
    source.token().await.unwrap();
    clock.advance(LIFETIME);
    let callers: Vec<_> = (0..10_000)
        .map(|_| {
            let source = Arc::clone(&source);
            tokio::spawn(async move { value(&source.token().await.unwrap()).to_owned() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-2");
    }
    assert_eq!(script.exchanges(), 2);
}

#[tokio::test]
async fn a_renewable_token_is_served_at_once_and_renewed_once_behind() {
    let (source, script, clock) = source();
    source.token().await.unwrap();
    script.gate.forget_permits(1_000_000);
    clock.advance(Duration::from_secs(1680));
    for _ in 0..100 {
        assert_eq!(value(&source.token().await.unwrap()), "token-1");
    }
    settle().await;
    assert_eq!(script.exchanges(), 2);
    script.gate.add_permits(1);
    settle().await;
    assert_eq!(value(&source.token().await.unwrap()), "token-2");
    assert_eq!(script.exchanges(), 2);
}

#[tokio::test]
async fn an_outage_fails_nobody_while_the_token_lives_and_is_over_when_it_is_over() {
    let (source, script, clock) = source();
    source.token().await.unwrap();
    clock.advance(Duration::from_secs(1470));
    script.fail_with(Some(outage()));

    // Ten minutes, ten calls a second: five and a half with a token that lives, the rest without.
    let (mut served, mut failed) = (0, 0);
    for _ in 0..6000 {
        match source.token().await {
            Ok(held) => {
                assert_eq!(value(&held), "token-1");
                served += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::TokenUnavailable);
                failed += 1;
            }
        }
        settle().await;
        clock.advance(Duration::from_millis(100));
    }
    assert!((2990..=3010).contains(&served), "served {served}: all until 30 s before its end");
    assert_eq!(served + failed, 6000);
    let attempts = script.exchanges() - 1;
    // 1, 2, 4 and 8 s, then 15 s, each less up to half: no more than one in 7.5 s in the long run.
    assert!((30..=90).contains(&attempts), "{attempts} attempts");

    script.fail_with(None);
    clock.advance(LONGEST_WAIT);
    assert_eq!(value(&source.token().await.unwrap()), format!("token-{}", attempts + 2));
    clock.advance(LIFETIME);
    script.fail_with(Some(outage()));
    assert!(source.token().await.is_err());
    clock.advance(FIRST_WAIT);
    assert!(source.token().await.is_err());
    assert_eq!(script.exchanges() - attempts, 4, "after a success the waits begin anew");
}

#[tokio::test]
async fn a_refusal_is_not_asked_again_until_somebody_may_have_mended_it() {
    let (source, script, clock) = source();
    script.fail_with(Some(Error::TokenRefused {
        error: OAuthErrorCode::InvalidClient,
        status: 401,
        answer: Box::default(),
    }));
    for _ in 0..1000 {
        assert_eq!(source.token().await.unwrap_err().code(), ErrorCode::TokenRefused);
    }
    assert_eq!(script.exchanges(), 1);
    clock.advance(WAIT_AFTER_REFUSAL);
    script.fail_with(None);
    assert_eq!(value(&source.token().await.unwrap()), "token-2");
}

#[tokio::test]
async fn fifty_refusals_of_one_token_are_one_renewal() {
    let (source, script, _) = source();
    let first = source.token().await.unwrap();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (source, first) = (Arc::clone(&source), Arc::clone(&first));
            tokio::spawn(async move { value(&source.replace(&first).await.unwrap().unwrap()).to_owned() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "token-2");
    }
    // A straggler's answer to the first token says nothing of the second.
    assert_eq!(value(&source.replace(&first).await.unwrap().unwrap()), "token-2");
    assert_eq!(script.exchanges(), 2);
}

#[tokio::test]
async fn a_refused_token_is_used_on_while_there_is_no_other() {
    let (source, script, clock) = source();
    let first = source.token().await.unwrap();
    script.fail_with(Some(outage()));
    assert!(source.replace(&first).await.unwrap().is_none());
    assert_eq!(value(&source.token().await.unwrap()), "token-1");
    script.fail_with(None);
    clock.advance(LONGEST_WAIT);
    // Nobody waits for the next one: for most routes this one may still do.
    script.gate.forget_permits(1_000_000);
    for _ in 0..100 {
        assert_eq!(value(&source.token().await.unwrap()), "token-1");
    }
    script.gate.add_permits(1);
    settle().await;
    assert_eq!(value(&source.token().await.unwrap()), "token-3");
    assert_eq!(script.exchanges(), 3);
}

#[tokio::test]
async fn a_refused_token_of_an_ended_grant_says_so_and_serves_who_it_still_serves() {
    let (source, script, _) = source();
    let first = source.token().await.unwrap();
    let reason = ReauthorizationReason::RevokedOrExpired;
    script.fail_with(Some(Error::ReauthorizationRequired { grant_id: "g".into(), reason }));
    for _ in 0..3 {
        let error = source.replace(&first).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ReauthorizationRequired);
        assert_eq!(value(&source.token().await.unwrap()), "token-1");
    }
}

#[tokio::test]
async fn what_is_denied_is_remembered_for_the_life_of_the_token() {
    let (source, _, clock) = source();
    let first = source.token().await.unwrap();
    first.deny("GET /candidates/{}".to_owned());
    assert!(source.token().await.unwrap().denies("GET /candidates/{}"));
    assert!(!first.denies("GET /jobs"));
    clock.advance(LIFETIME);
    assert!(!source.token().await.unwrap().denies("GET /candidates/{}"));
}

#[tokio::test]
async fn what_is_denied_stays_known_when_another_route_has_the_token_renewed() {
    let (source, _, _) = source();
    let first = source.token().await.unwrap();
    first.deny("GET /a".to_owned());
    let second = source.replace(&first).await.unwrap().unwrap();
    assert!(second.denies("GET /a"));
    second.deny("GET /b".to_owned());
    let third = source.replace(&second).await.unwrap().unwrap();
    assert!(third.denies("GET /a") && third.denies("GET /b") && !third.denies("GET /c"));
}

#[tokio::test]
async fn an_exchange_of_an_earlier_authorization_is_of_no_use() {
    for token in [None, Some(7)] {
        let (source, script, _) = source();
        script.gate.forget_permits(1_000_000);
        let caller = tokio::spawn({
            let source = Arc::clone(&source);
            async move { value(&source.token().await.unwrap()).to_owned() }
        });
        settle().await;
        source.reset(token.map(|number| script.token(number)));
        // The first exchange lands too late; without a token, a second is made.
        script.gate.add_permits(2);
        let expected = if token.is_some() { "token-7" } else { "token-2" };
        assert_eq!(caller.await.unwrap(), expected);
        settle().await;
        assert_eq!(value(&source.token().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_not_the_end() {
    let (source, script, clock) = source();
    script.panics.store(true, Ordering::SeqCst);
    assert_eq!(source.token().await.unwrap_err().code(), ErrorCode::Internal);
    script.panics.store(false, Ordering::SeqCst);
    clock.advance(LONGEST_WAIT);
    assert_eq!(value(&source.token().await.unwrap()), "token-2");
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_stop_the_exchange() {
    let (source, script, _) = source();
    script.gate.forget_permits(1_000_000);
    let caller = tokio::spawn({
        let source = Arc::clone(&source);
        async move { source.token().await.map(|_| ()) }
    });
    settle().await;
    caller.abort();
    settle().await;
    script.gate.add_permits(1);
    assert_eq!(value(&source.token().await.unwrap()), "token-1");
    assert_eq!(script.exchanges(), 1);
}

#[tokio::test]
async fn a_new_authorization_ends_every_wait() {
    let (source, script, _) = source();
    script.fail_with(Some(outage()));
    assert!(source.token().await.is_err());
    source.reset(Some(script.token(7)));
    assert_eq!(value(&source.token().await.unwrap()), "token-7");
    assert_eq!(script.exchanges(), 1);
}

#[test]
fn waits_grow_to_a_bound_and_a_lost_grant_has_none() {
    let table =
        [(1, 500, 1000), (2, 1000, 2000), (4, 4000, 8000), (5, 7500, 15_000), (u32::MAX, 7500, 15_000)];
    for (failures, least, most) in table {
        assert_eq!(wait_after(&outage(), failures, 0.0).as_millis(), least, "{failures}");
        let longest = wait_after(&outage(), failures, 0.999_999).as_millis();
        assert!((most - 1..=most).contains(&longest), "{failures}: {longest}");
    }
    let asked = |seconds| Error::TokenUnavailable {
        problem: "busy".into(),
        status: Some(429),
        answer: Box::new(TokenAnswer {
            retry_after: Some(Duration::from_secs(seconds)),
            ..TokenAnswer::default()
        }),
        sent: true,
        source: None,
    };
    assert_eq!(wait_after(&asked(3600), 1, 0.0), Duration::from_secs(3600), "as long as the server asks for");
    assert_eq!(wait_after(&asked(0), 10, 0.0), LONGEST_WAIT / 2, "and no shorter than we would wait anyway");
    for (status, error, length) in [
        (401, OAuthErrorCode::Unnamed, WAIT_AFTER_REFUSAL),
        (403, OAuthErrorCode::Unnamed, WAIT_AFTER_REFUSAL),
        (401, OAuthErrorCode::Other("Unauthorized".into()), WAIT_AFTER_REFUSAL),
        (401, OAuthErrorCode::Other("temporarily_unavailable".into()), FIRST_WAIT / 2),
        (400, OAuthErrorCode::Unnamed, FIRST_WAIT / 2),
    ] {
        let refused = Error::TokenRefused { error, status, answer: Box::default() };
        assert_eq!(wait_after(&refused, 1, 0.0), length, "{refused}");
        assert_eq!(refused.is_transient(), length != WAIT_AFTER_REFUSAL, "{refused}");
    }
    let ended = Error::ReauthorizationRequired {
        grant_id: "g".into(),
        reason: ReauthorizationReason::RevokedOrExpired,
    };
    assert_eq!(wait_after(&ended, 3, 0.5), Duration::ZERO);
}

#[tokio::test]
async fn what_is_remembered_of_a_token_is_bounded() {
    let (source, _, _) = source();
    let held = source.token().await.unwrap();
    for number in 0..10 * MOST_ENDPOINTS {
        let (denied, refused) = (format!("denied {number}"), format!("refused {number}"));
        held.deny(denied.clone());
        source.refuse(&held, refused);
        assert!(held.denies(&denied));
        assert!(held.unauthorized().len() <= MOST_ENDPOINTS);
    }
}

#[test]
fn a_store_that_was_away_for_long_is_asked_again_within_three_seconds() {
    let store = Error::Store { operation: "load", problem: "it is away".into() };
    let server = Error::TokenUnavailable {
        problem: "HTTP 503".into(),
        status: None,
        answer: Box::default(),
        sent: true,
        source: None,
    };
    for failures in 1..100 {
        assert!(wait_after(&store, failures, 1.0) <= Duration::from_secs(3), "{failures}");
    }
    assert_eq!(wait_after(&store, 1, 1.0), FIRST_WAIT, "a short outage costs a short wait");
    assert_eq!(wait_after(&server, 99, 1.0), LONGEST_WAIT);
}

//! Decides what follows an attempt: return, renew the token, or retry. Pure, except for the budget.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::error::{Error, NetworkKind, Result};

/// The upper bound of the first wait. It doubles with each retry, up to [`LONGEST_BACKOFF`]. With full jitter, each
/// wait is a random part of its bound.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// The longest wait that the client chooses by itself.
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);
/// The longest wait that a server's `Retry-After` can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What is known about a call after an attempt.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Attempt {
    /// Retries so far. Renewing the token does not count as one.
    pub(super) retries: u32,
    /// The most retries that the call may make.
    pub(super) most: u32,
    /// Whether sending the request twice has the same effect as sending it once.
    pub(super) idempotent: bool,
    /// Whether the request's body can be sent again.
    pub(super) replayable: bool,
    /// Whether the credential can get another token.
    pub(super) renewable: bool,
    /// Whether the token was already renewed because of a 401 to this call or to an earlier one of its endpoint.
    pub(super) reauthorized: bool,
    /// Whether the API is known to deny this endpoint to this token.
    pub(super) denied: bool,
}

impl Attempt {
    /// Whether nothing was sent for this call before.
    pub(super) fn is_first(&self) -> bool {
        self.retries == 0 && !self.reauthorized
    }
}

/// An answer's status, and how long its `Retry-After` asks to wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Return the outcome to the caller.
    Return,
    /// Return the outcome, and remember that the API denies this endpoint, since a new token changed nothing.
    ReturnDenied,
    /// Return the outcome, and renew the token for later calls.
    ReturnRefused,
    /// Obtain another token, and send the request again.
    Reauthorize,
    /// Wait this long, and send the request again.
    Retry(Duration),
    /// Wait this long, and send the request again without charging the budget: an established connection ended, and the
    /// server certainly did not process the request.
    RetryFreely(Duration),
}

/// How long an endpoint is paused after a 429: as long as the answer asks for, or else longer with each refusal in a
/// row. `jitter` is in `[0, 1)`.
pub(super) fn pause(asked: Option<Duration>, in_a_row: u32, jitter: f64) -> Duration {
    // The pause is at least half of its bound, since the second in which the limit was exceeded has to pass.
    asked.unwrap_or_else(|| backoff(in_a_row + 1, 0.5 + jitter / 2.0))
}

/// Decides what follows an attempt with this outcome. `jitter` returns random numbers in `[0, 1)`.
///
/// A 401 does not prove that the token is invalid, since the vendor also answers 401 to some permission denials. One
/// renewal and one repeat tell the two apart. A request that was certainly not processed may be sent again whatever its
/// method. One that may have been processed is sent again only if it is idempotent.
pub(super) fn decide(attempt: Attempt, outcome: &Result<Answer>, jitter: fn() -> f64) -> Decision {
    let unprocessed = match outcome {
        Ok(answer) => match answer.status.as_u16() {
            401 => return unauthorized(attempt),
            429 => true,
            // With `Retry-After`, the server says that it did nothing and when to try again.
            503 => answer.retry_after.is_some(),
            502 | 504 => false,
            _ => return Decision::Return,
        },
        Err(Error::ConnectTimeout { .. }) => true,
        Err(Error::Network { sent, .. }) => !sent,
        Err(_) => return Decision::Return,
    };
    if attempt.retries >= attempt.most || !attempt.replayable || !(unprocessed || attempt.idempotent) {
        return Decision::Return;
    }
    if is_turned_away(outcome) {
        // A server that is being replaced ends all requests in flight. Its successor accepts them at once.
        let wait = attempt.retries.checked_sub(1).map_or(Duration::ZERO, |before| backoff(before, jitter()));
        return Decision::RetryFreely(wait);
    }
    let asked = outcome.as_ref().ok().and_then(|answer| answer.retry_after);
    Decision::Retry(asked.unwrap_or_else(|| backoff(attempt.retries, jitter())))
}

/// Whether an established connection ended before the request was processed: the server closed it or refused the stream
/// (`GOAWAY`, `REFUSED_STREAM`), or the request was not written yet. A connection that cannot be made does not count,
/// since the server may be down.
fn is_turned_away(outcome: &Result<Answer>) -> bool {
    matches!(
        outcome,
        Err(Error::Network { kind: NetworkKind::Reset | NetworkKind::Protocol, sent: false, .. })
    )
}

/// Decides after an answer at the end of redirects. The first request was processed, so the answer says nothing about
/// it. It does say something about the token, if that was sent along (`authorized`).
pub(super) fn decide_led(attempt: Attempt, status: StatusCode, authorized: bool) -> Decision {
    if status == StatusCode::UNAUTHORIZED && authorized {
        unauthorized(Attempt { replayable: attempt.replayable && attempt.idempotent, ..attempt })
    } else {
        Decision::Return
    }
}

fn unauthorized(attempt: Attempt) -> Decision {
    if !attempt.renewable || attempt.denied {
        Decision::Return
    } else if attempt.reauthorized {
        Decision::ReturnDenied
    } else if attempt.replayable {
        Decision::Reauthorize
    } else {
        Decision::ReturnRefused
    }
}

fn backoff(retries: u32, jitter: f64) -> Duration {
    FIRST_BACKOFF.saturating_mul(1 << retries.min(16)).min(LONGEST_BACKOFF).mul_f64(jitter)
}

/// Methods that are idempotent by RFC 9110 section 9.2.2.
pub(super) fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE].contains(method)
}

/// How long a `Retry-After` header asks to wait, at most a minute. `now` is in seconds since the Unix epoch.
pub(super) fn retry_after(value: Option<&[u8]>, now: u64) -> Option<Duration> {
    crate::http::retry_after(value?, now).map(|asked| asked.min(LONGEST_RETRY_AFTER))
}

/// Bounds the load that retries add to a failing server. Each call earns a fifth of a retry, so that in the long run
/// the server receives at most 1.2 times the calls.
#[derive(Debug)]
pub(super) struct Budget {
    /// The balance in fifths of a retry.
    fifths: AtomicU32,
}

impl Budget {
    const PER_RETRY: u32 = 5;
    /// The initial balance: ten retries, so that a client that calls rarely has some.
    const INITIAL: u32 = 10 * Self::PER_RETRY;
    /// The largest balance: fifty retries, so that a long quiet time cannot pay for a storm.
    const MOST: u32 = 50 * Self::PER_RETRY;

    /// The budget of a new client.
    pub(super) fn new() -> Self {
        Self { fifths: AtomicU32::new(Self::INITIAL) }
    }

    /// Earns a fifth of a retry, at the beginning of a call.
    pub(super) fn deposit(&self) {
        let _ = self.change(|fifths| Some((fifths + 1).min(Self::MOST)));
    }

    /// Pays for a retry. Returns false if the budget does not allow one.
    pub(super) fn withdraw(&self) -> bool {
        self.change(|fifths| fifths.checked_sub(Self::PER_RETRY))
    }

    fn change(&self, to: impl Fn(u32) -> Option<u32>) -> bool {
        self.fifths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, to).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Attempt = Attempt {
        retries: 0,
        most: 3,
        idempotent: true,
        replayable: true,
        renewable: true,
        reauthorized: false,
        denied: false,
    };

    fn answer(status: u16, retry_after: Option<u64>) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: retry_after.map(Duration::from_secs) }
    }

    fn network(sent: bool) -> Result<Answer> {
        Err(Error::Network { kind: NetworkKind::Reset, sent, reason: None, to: None })
    }

    fn retries(attempt: Attempt, outcome: &Result<Answer>) -> bool {
        matches!(decide(attempt, outcome, || 0.5), Decision::Retry(_) | Decision::RetryFreely(_))
    }

    #[test]
    fn what_was_not_processed_is_sent_again_and_what_may_have_been_only_if_it_may() {
        let post = Attempt { idempotent: false, ..FIRST };
        // (outcome, retried if idempotent, retried if not)
        let table = [
            (Ok(answer(200, None)), false, false),
            (Ok(answer(400, None)), false, false),
            (Ok(answer(403, None)), false, false),
            (Ok(answer(429, None)), true, true),
            (Ok(answer(429, Some(1))), true, true),
            (Ok(answer(500, None)), false, false),
            (Ok(answer(502, None)), true, false),
            (Ok(answer(503, None)), true, false),
            (Ok(answer(503, Some(1))), true, true),
            (Ok(answer(504, None)), true, false),
            (network(false), true, true),
            (network(true), true, false),
            (Err(Error::ConnectTimeout { to: None }), true, true),
            (Err(Error::Closed), false, false),
            (
                Err(Error::Timeout {
                    phase: crate::error::Phase::Response,
                    limit: Duration::ZERO,
                    sent: true,
                    to: None,
                }),
                false,
                false,
            ),
        ];
        for (outcome, idempotent, not) in table {
            assert_eq!(retries(FIRST, &outcome), idempotent, "{outcome:?}");
            assert_eq!(retries(post, &outcome), not, "{outcome:?} of a POST");
            assert!(!retries(Attempt { replayable: false, ..FIRST }, &outcome), "{outcome:?} of a stream");
            assert!(!retries(Attempt { retries: 3, ..FIRST }, &outcome), "{outcome:?} at the end");
            assert!(!retries(Attempt { most: 0, ..FIRST }, &outcome), "{outcome:?} switched off");
        }
    }

    #[test]
    fn what_a_server_turned_away_is_sent_again_at_once_and_free_and_what_never_reached_one_is_not() {
        let failed = |kind, sent| Err(Error::network(kind, sent, None));
        let post = Attempt { idempotent: false, ..FIRST };
        for kind in [NetworkKind::Reset, NetworkKind::Protocol] {
            assert_eq!(decide(post, &failed(kind, false), || 0.5), Decision::RetryFreely(Duration::ZERO));
            let later = Attempt { retries: 2, ..post };
            let wait = Decision::RetryFreely(Duration::from_millis(500));
            assert_eq!(decide(later, &failed(kind, false), || 0.5), wait);
            assert_eq!(
                decide(Attempt { retries: 3, ..post }, &failed(kind, false), || 0.5),
                Decision::Return
            );
            assert_eq!(decide(post, &failed(kind, true), || 0.5), Decision::Return);
            assert!(matches!(decide(FIRST, &failed(kind, true), || 0.5), Decision::Retry(_)));
        }
        for kind in [NetworkKind::Dns, NetworkKind::Connect, NetworkKind::Tls] {
            assert!(matches!(decide(post, &failed(kind, false), || 0.5), Decision::Retry(_)));
        }
        assert!(matches!(decide(post, &Err(Error::ConnectTimeout { to: None }), || 0.5), Decision::Retry(_)));
        assert!(matches!(decide(post, &Ok(answer(429, None)), || 0.5), Decision::Retry(_)));
    }

    #[test]
    fn only_a_first_401_is_worth_another_token() {
        let unauthorized = Ok(answer(401, None));
        let decide = |attempt| decide(attempt, &unauthorized, || 0.5);
        assert_eq!(decide(FIRST), Decision::Reauthorize);
        assert_eq!(decide(Attempt { retries: 3, ..FIRST }), Decision::Reauthorize);
        assert_eq!(decide(Attempt { idempotent: false, ..FIRST }), Decision::Reauthorize);
        assert_eq!(decide(Attempt { reauthorized: true, ..FIRST }), Decision::ReturnDenied);
        assert_eq!(decide(Attempt { denied: true, ..FIRST }), Decision::Return);
        assert_eq!(decide(Attempt { renewable: false, ..FIRST }), Decision::Return);
        assert_eq!(decide(Attempt { replayable: false, ..FIRST }), Decision::ReturnRefused);
    }

    #[test]
    fn an_attempt_is_the_first_until_something_was_sent_again() {
        assert!(FIRST.is_first());
        assert!(!Attempt { retries: 1, ..FIRST }.is_first());
        assert!(!Attempt { reauthorized: true, ..FIRST }.is_first());
    }

    #[test]
    fn after_redirects_only_a_401_to_the_token_matters() {
        let (refused, failed) = (StatusCode::UNAUTHORIZED, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(decide_led(FIRST, refused, true), Decision::Reauthorize);
        assert_eq!(decide_led(FIRST, refused, false), Decision::Return);
        assert_eq!(decide_led(FIRST, failed, true), Decision::Return);
        // The first request was processed, so only an idempotent one may be sent again.
        for once in [Attempt { idempotent: false, ..FIRST }, Attempt { replayable: false, ..FIRST }] {
            assert_eq!(decide_led(once, refused, true), Decision::ReturnRefused);
        }
    }

    #[test]
    fn idempotent_methods_are_those_of_the_rfc() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE] {
            assert!(is_idempotent(&method), "{method}");
        }
        for method in [Method::POST, Method::PATCH] {
            assert!(!is_idempotent(&method), "{method}");
        }
    }

    #[test]
    fn waits_are_what_the_server_asks_for_or_grow_with_full_jitter() {
        assert_eq!(decide(FIRST, &Ok(answer(429, Some(7))), || 0.0), Decision::Retry(Duration::from_secs(7)));
        for (retries, most) in [(0, 500), (1, 1000), (2, 2000), (6, 20_000), (60, 20_000)] {
            assert_eq!(backoff(retries, 0.0), Duration::ZERO);
            assert_eq!(backoff(retries, 0.5), Duration::from_millis(most / 2), "{retries}");
        }
    }

    #[test]
    fn an_endpoint_pauses_as_long_as_it_asks_for_or_longer_each_time() {
        assert_eq!(pause(Some(Duration::from_secs(7)), 5, 0.9), Duration::from_secs(7));
        for (in_a_row, least) in [(0, 500), (1, 1000), (2, 2000), (9, 10_000)] {
            assert_eq!(pause(None, in_a_row, 0.0), Duration::from_millis(least));
            assert_eq!(pause(None, in_a_row, 0.5), Duration::from_millis(least * 3 / 2));
        }
    }

    #[test]
    fn retry_after_is_digits_or_a_date_and_never_long_or_negative() {
        const NOW: u64 = 1_700_000_000; // Tue, 14 Nov 2023 22:13:20 GMT
        let table: [(&[u8], Option<u64>); 14] = [
            (b"0", Some(0)),
            (b"7", Some(7)),
            (b" 7 ", Some(7)),
            (b"61", Some(60)),
            (b"18446744073709551616", Some(60)),
            (b"Tue, 14 Nov 2023 22:13:25 GMT", Some(5)),
            (b"Tue, 14 Nov 2023 22:13:15 GMT", Some(0)),
            (b"Mon, 14 Nov 2033 22:13:15 GMT", Some(60)),
            (b"-3", None),
            (b"+3", None),
            (b"1.5", None),
            (b"1e9", None),
            (b"", None),
            (b"\xff", None),
        ];
        for (value, seconds) in table {
            assert_eq!(retry_after(Some(value), NOW), seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(retry_after(None, NOW), None);
    }

    #[test]
    fn a_new_client_has_ten_retries_and_none_saves_more_than_fifty() {
        let budget = Budget::new();
        let retries = || std::iter::from_fn(|| budget.withdraw().then_some(())).count();
        assert_eq!(retries(), 10);
        (0..1000).for_each(|_| budget.deposit());
        assert_eq!(retries(), 50);
    }

    #[test]
    fn a_failing_server_sees_at_most_a_fifth_more() {
        let budget = Budget::new();
        let calls = 10_000;
        let mut sent = 0;
        for _ in 0..calls {
            budget.deposit();
            sent += 1;
            for _ in 0..3 {
                if budget.withdraw() {
                    sent += 1;
                }
            }
        }
        assert!(sent <= calls + calls / 5 + 10, "{sent}");
        assert!(sent >= calls + calls / 5, "{sent}: what is paid for can be spent");
    }
}

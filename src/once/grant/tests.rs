use std::sync::LazyLock;

use super::*;
use crate::clock::{Clock as _, ManualClock, Moment};
use crate::error::TokenAnswer;
use crate::secret::Secret;
use crate::token::{AccessToken, RefreshToken};

static ISSUED: LazyLock<Moment> = LazyLock::new(|| ManualClock::new().now());
const LIFETIME: Duration = Duration::from_secs(1800);

fn refresh(token: &str) -> RefreshToken {
    RefreshToken(Secret::new(token))
}

fn answer() -> UnreadAnswer {
    UnreadAnswer { bytes: b"HTTP/1.1 200 OK".to_vec().into(), asked_at: 3 }
}

fn record(state: GrantState) -> GrantRecord {
    GrantRecord {
        scopes: vec!["old".into()],
        metadata: [("customer".to_owned(), "7".to_owned())].into(),
        origin: Some("ticket".into()),
        unread: vec![answer()],
        state,
        ..GrantRecord::new(refresh("rt-1"), 0)
    }
}

fn idle(unresolved: u32) -> GrantRecord {
    record(GrantState::Idle { unresolved })
}

fn exchanging(owner: &str, unresolved: u32) -> GrantRecord {
    record(GrantState::Exchanging { owner: owner.into(), until: 9, unresolved })
}

fn moving() -> GrantRecord {
    record(GrantState::Moving { to: "other".into(), ticket: "t".into() })
}

fn ended(reason: ReauthorizationReason) -> GrantRecord {
    record(GrantState::Ended { reason })
}

fn tokens(access: Option<&str>, refresh_token: Option<&str>, scopes: &[&str]) -> TokenSet {
    let issued = *ISSUED;
    let access = access.map(|value| AccessToken {
        value: Secret::new(value),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        issued,
        lifetime: LIFETIME,
    });
    TokenSet { access, issued, refresh: refresh_token.map(refresh) }
}

fn issued_at() -> u64 {
    ISSUED.unix_millis()
}

fn refused(error: OAuthErrorCode, status: u16, retry_after: Option<Duration>) -> Error {
    let answer = TokenAnswer { description: Some("no".into()), retry_after, ..TokenAnswer::default() };
    Error::TokenRefused { error, status, answer: Box::new(answer) }
}

fn unavailable(status: Option<u16>, sent: bool) -> Error {
    Error::TokenUnavailable { problem: "x".into(), status, answer: Box::default(), sent, source: None }
}

#[test]
fn a_record_says_what_its_operation_is_doing() {
    assert_eq!(idle(4).operation_state(), OperationState::Ready { unresolved: 4 });
    let unread = GrantRecord { refresh: refresh(""), ..idle(4) };
    assert_eq!(unread.operation_state(), OperationState::Settled, "there is nothing to exchange yet");
    assert_eq!(exchanging("me", 4).operation_state(), OperationState::InFlight { until: 9, unresolved: 4 });
    assert_eq!(moving().operation_state(), OperationState::Settled);
    assert_eq!(ended(ReauthorizationReason::ResponseLost).operation_state(), OperationState::Settled);
}

#[test]
fn a_journal_changes_the_state_only() {
    let journal = Journal { owner: "me".into(), until: 9, unresolved: 4 };
    assert_eq!(idle(1).journalled(journal), exchanging("me", 4));
}

#[test]
fn answers_belong_to_the_record_that_owns_the_grant() {
    let other = UnreadAnswer { bytes: b"HTTP/1.1 500 No".to_vec().into(), asked_at: 5 };
    assert_eq!(exchanging("me", 0).keeping(other.clone()).unread(), [answer(), other]);
    assert_eq!(idle(0).unread(), [answer()]);
    assert_eq!(ended(ReauthorizationReason::ResponseLost).unread(), [answer()]);
    for elsewhere in [moving(), ended(ReauthorizationReason::Exported)] {
        assert_eq!(elsewhere.unread(), []);
    }
}

#[test]
fn a_record_holds_the_tokens_that_it_was_given_and_no_others() {
    let given = tokens(Some("at"), Some("rt-2"), &[]);
    let held = exchanging("me", 0).fulfilled(&exchanging("me", 0), &given);
    assert!(held.holds(&given));
    assert!(held.holds(&tokens(Some("at"), None, &[])), "the old refresh token stays in force");
    for other in [
        tokens(Some("at"), Some("rt-3"), &[]),
        tokens(Some("other"), Some("rt-2"), &[]),
        tokens(Some("other"), None, &[]),
        tokens(None, Some("rt-2"), &[]),
    ] {
        assert!(!held.holds(&other), "{other:?}");
    }
}

#[test]
fn a_token_is_spent_while_the_record_holds_it() {
    assert!(idle(3).is_spent_by(&exchanging("me", 0)));
    assert!(!GrantRecord { refresh: refresh("rt-2"), ..idle(0) }.is_spent_by(&exchanging("me", 0)));
}

#[test]
fn a_result_replaces_the_tokens_and_keeps_what_is_the_owners() {
    let journal = GrantRecord {
        refused: refusal(None, &refused(OAuthErrorCode::InvalidScope, 400, None), 5),
        ..exchanging("me", 0)
    };
    let new = journal.fulfilled(&journal, &tokens(Some("at"), Some("rt-2"), &["new"]));
    let access = StoredAccessToken {
        value: Secret::new("at"),
        issued_at: issued_at(),
        expires_at: issued_at() + u64::try_from(LIFETIME.as_millis()).unwrap(),
    };
    let expected = GrantRecord {
        access: Some(access),
        refresh: refresh("rt-2"),
        refresh_issued_at: issued_at(),
        scopes: vec!["new".into()],
        unread: Vec::new(),
        ..idle(0)
    };
    assert_eq!(new, expected);
    let same = journal.fulfilled(&journal, &tokens(Some("at"), None, &[]));
    let kept = GrantRecord {
        refresh: refresh("rt-1"),
        refresh_issued_at: 0,
        scopes: vec!["old".into()],
        ..expected
    };
    assert_eq!(same, kept, "RFC 6749 section 6");
    assert_eq!(journal.fulfilled(&journal, &tokens(None, None, &[])), GrantRecord { access: None, ..kept });
}

#[test]
fn a_token_is_contested_if_its_predecessor_may_have_been_presented_twice() {
    let given = tokens(Some("at"), Some("rt-2"), &[]);
    let contested =
        |current: &GrantRecord, journal: &GrantRecord| current.fulfilled(journal, &given).contested;
    let first = exchanging("me", 0);
    assert!(!contested(&first, &first));
    assert!(contested(&exchanging("me", 1), &exchanging("me", 1)), "it was not the first exchange");
    assert!(contested(&exchanging("other", 1), &first), "another process took it over");
    let since =
        |age| GrantRecord { contested: true, refresh_issued_at: issued_at() - age, ..exchanging("me", 0) };
    assert!(
        contested(&since(LEASE_MILLIS - 1), &since(LEASE_MILLIS - 1)),
        "a late process may still send it"
    );
    assert!(!contested(&since(LEASE_MILLIS), &since(LEASE_MILLIS)));
    let settled = GrantRecord { contested: false, ..since(1) };
    assert!(!contested(&settled, &settled));
}

#[test]
fn a_failure_ends_a_grant_only_if_the_server_says_so() {
    use OAuthErrorCode::{InvalidClient, InvalidGrant};
    let journal = exchanging("me", 4);
    let invalid = Error::TokenInvalid { problem: "x".into(), status: Some(200), answer: Box::default() };
    for (error, unresolved) in [
        (invalid, 5),
        (unavailable(None, true), 5),
        (unavailable(Some(429), true), 5),
        (unavailable(Some(500), true), 5),
        (unavailable(Some(503), true), 5),
        (unavailable(Some(404), true), 4),
        (unavailable(Some(302), true), 4),
        (unavailable(Some(500), false), 4),
        (unavailable(None, false), 4),
        (Error::Closed, 4),
    ] {
        assert_eq!(journal.failed(&error, 11), idle(unresolved), "{error:?}");
    }
    let dead = refused(InvalidGrant, 400, None);
    assert_eq!(exchanging("me", 0).failed(&dead, 11), ended(ReauthorizationReason::RevokedOrExpired));
    assert_eq!(journal.failed(&dead, 11), ended(ReauthorizationReason::ResponseLost));
    let contested = GrantRecord { contested: true, ..exchanging("me", 0) };
    let lost = GrantRecord { contested: true, ..ended(ReauthorizationReason::ResponseLost) };
    assert_eq!(contested.failed(&dead, 11), lost);
    assert_eq!(
        moving().failed(&unavailable(None, true), 11),
        idle(1),
        "nothing is unresolved of what was settled"
    );

    let client = refused(InvalidClient, 401, None);
    let after = journal.failed(&client, 11);
    assert_eq!(GrantRecord { refused: None, ..after.clone() }, idle(4));
    assert_eq!(after.refused.unwrap().code, "invalid_client");
}

#[test]
fn each_refusal_waits_longer_and_as_long_as_the_server_asks() {
    let scope = |retry_after| refused(OAuthErrorCode::InvalidScope, 400, retry_after);
    let first = refusal(None, &scope(None), 1_000).unwrap();
    let expected = Refusal {
        since: 1_000,
        times: 1,
        retry_at: 2_000,
        status: 400,
        code: "invalid_scope".into(),
        description: Some("no".into()),
    };
    assert_eq!(first, expected);
    let second = refusal(Some(&first), &scope(None), 5_000).unwrap();
    assert_eq!((second.since, second.times, second.retry_at), (1_000, 2, 7_000));
    let asked = refusal(Some(&first), &scope(Some(Duration::from_secs(60))), 5_000).unwrap();
    assert_eq!(asked.retry_at, 65_000);
    let client = refused(OAuthErrorCode::InvalidClient, 401, None);
    assert_eq!(refusal(Some(&first), &client, 5_000).unwrap().retry_at, 5_000, "only this process waits");
    assert_eq!(refusal(Some(&first), &Error::Closed, 5_000), Some(first));
    assert_eq!(wait(0), FIRST_WAIT);
    assert_eq!(wait(3), FIRST_WAIT * 4);
    assert_eq!(wait(12), Duration::from_secs(2048));
    assert_eq!(wait(13), LONGEST_WAIT);
    assert_eq!(wait(u32::MAX), LONGEST_WAIT);
}

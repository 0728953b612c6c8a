use std::time::Duration;

use super::*;
use crate::credential::ClientAuthentication;
use crate::error::{ApiError, NetworkKind};

fn issued(id: &str, secret: &str) -> IssuedCredentials {
    let client = OAuthClient::new(id.to_owned(), secret.to_owned(), ClientAuthentication::Body).unwrap();
    IssuedCredentials { client, at: 7 }
}

fn answer() -> UnreadAnswer {
    UnreadAnswer { bytes: b"HTTP/1.1 200 OK".to_vec().into(), asked_at: 3 }
}

fn record(state: CustomerState) -> CustomerRecord {
    CustomerRecord { disconnects: 2, unread: vec![answer()], state }
}

fn disconnected() -> CustomerRecord {
    record(CustomerState::Disconnected { unresolved: 4 })
}

fn connecting() -> CustomerRecord {
    record(CustomerState::Connecting { owner: "me".into(), until: 9, unresolved: 4 })
}

fn connected() -> CustomerRecord {
    record(issued("id", "secret").state())
}

#[test]
fn a_record_says_what_its_operation_is_doing() {
    assert_eq!(disconnected().operation_state(), OperationState::Ready { unresolved: 4 });
    assert_eq!(connecting().operation_state(), OperationState::InFlight { until: 9, unresolved: 4 });
    assert_eq!(connected().operation_state(), OperationState::Settled);
}

#[test]
fn a_journal_changes_the_state_only() {
    let journal = Journal { owner: "me".into(), until: 9, unresolved: 4 };
    assert_eq!(disconnected().journalled(journal), connecting());
}

#[test]
fn an_answer_that_is_kept_is_one_more() {
    let other = UnreadAnswer { bytes: b"HTTP/1.1 500 No".to_vec().into(), asked_at: 5 };
    let kept = connecting().keeping(other.clone());
    assert_eq!(kept.unread(), [answer(), other]);
    assert_eq!(CustomerRecord { unread: vec![answer()], ..kept }, connecting());
}

#[test]
fn a_record_holds_the_credentials_that_it_was_given_and_no_others() {
    assert!(connected().holds(&issued("id", "secret")));
    assert!(!connected().holds(&issued("id", "other")));
    assert!(!connected().holds(&issued("other", "secret")));
    assert!(!connecting().holds(&issued("id", "secret")));
}

#[test]
fn only_other_credentials_or_a_disconnection_supersede_what_was_issued() {
    let after = |disconnects| CustomerRecord { disconnects, ..disconnected() };
    assert!(connecting().is_spent_by(&connecting()));
    assert!(after(2).is_spent_by(&connecting()), "another process gave up");
    assert!(after(1).is_spent_by(&connecting()));
    assert!(!after(3).is_spent_by(&connecting()), "the customer was disconnected meanwhile");
    assert!(!connected().is_spent_by(&connecting()), "it has credentials");
}

#[test]
fn what_was_issued_replaces_the_journal_and_what_was_unread() {
    let now = CustomerRecord { disconnects: 1, ..disconnected() };
    let expected =
        CustomerRecord { disconnects: 2, unread: Vec::new(), state: issued("id", "secret").state() };
    assert_eq!(now.fulfilled(&connecting(), &issued("id", "secret")), expected);
}

#[test]
fn a_failure_counts_as_unresolved_if_credentials_may_have_been_issued() {
    let api = |status| Error::Api(Box::new(ApiError { status, ..ApiError::default() }));
    let timeout = |phase| Error::Timeout { phase, limit: Duration::ZERO, sent: true, to: None };
    for (error, may_be) in [
        (api(409), false),
        (api(499), false),
        (api(500), true),
        (api(503), true),
        (Error::network(NetworkKind::Reset, true, None), true),
        (Error::network(NetworkKind::Reset, false, None), false),
        (timeout(Phase::Queue), false),
        (timeout(Phase::Token), false),
        (timeout(Phase::Response), true),
        (timeout(Phase::Body), true),
        (Error::InvalidResponse { problem: "x".into() }, true),
        (Error::BodyTooLarge { limit: 1 }, true),
        (Error::Redirect { problem: "x".into() }, true),
        (Error::ConnectTimeout { to: None }, false),
        (Error::Closed, false),
    ] {
        let failed = |journal: CustomerRecord| journal.failed(&error, 11);
        let after = |unresolved| record(CustomerState::Disconnected { unresolved });
        assert_eq!(failed(connecting()), after(4 + u32::from(may_be)), "{error:?}");
        assert_eq!(failed(connected()), after(u32::from(may_be)), "{error:?}");
    }
}

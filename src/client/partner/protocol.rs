//! The decisions that keep credentials which are issued once: pure.

use crate::error::{Error, IntegrationReason, Phase};
use crate::store::{CustomerRecord, CustomerState};

/// What to do to have a customer connected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: it is.
    Done,
    /// Write the journal, then ask for its credentials, of which so many requests are unresolved.
    Ask {
        /// Requests of unknown outcome before this one.
        unresolved: u32,
    },
}

/// Whether somebody is asking for a customer's credentials: whoever has anything else in mind waits. Decided by where it
/// stands, and whether the lease in its record is over.
pub(super) fn is_asked_for(state: &CustomerState, lease_is_over: bool) -> bool {
    matches!(state, CustomerState::Connecting { .. }) && !lease_is_over
}

/// Decides by where the customer stands, once nobody is asking.
pub(super) fn step(state: &CustomerState) -> Step {
    match state {
        CustomerState::Connected { .. } => Step::Done,
        CustomerState::Disconnected { unresolved } => Step::Ask { unresolved: *unresolved },
        // Its holder died, or lost its way: nobody knows what became of that request.
        CustomerState::Connecting { unresolved, .. } => {
            Step::Ask { unresolved: unresolved.saturating_add(1) }
        }
    }
}

/// Until when a record is somebody's, in milliseconds since the Unix epoch; 0 if it is nobody's.
pub(super) fn leased_until(state: &CustomerState) -> u64 {
    if let CustomerState::Connecting { until, .. } = state { *until } else { 0 }
}

/// The record after a request that yielded no credentials. `journal` is the record before it.
pub(super) fn after_failure(journal: &CustomerRecord, error: &Error) -> CustomerRecord {
    let unresolved = unresolved(&journal.state).saturating_add(u32::from(may_have_been_issued(error)));
    CustomerRecord { state: CustomerState::Disconnected { unresolved }, ..journal.clone() }
}

/// The error of a request that yielded no credentials, as the customer's past explains it.
pub(super) fn explained(company_id: &str, journal: &CustomerRecord, error: Error) -> Error {
    match error {
        Error::Api(answer) if answer.status == 409 => {
            let reason = match (unresolved(&journal.state), journal.disconnects) {
                (1.., _) => IntegrationReason::ResponseLost,
                (0, 1..) => IntegrationReason::Disconnected,
                (0, 0) => IntegrationReason::IssuedElsewhere,
            };
            Error::AlreadyIntegrated { company_id: company_id.to_owned(), reason, answer }
        }
        other => other,
    }
}

/// Whether the API may have issued credentials by a request that failed like this.
fn may_have_been_issued(error: &Error) -> bool {
    match error {
        Error::Api(answer) => answer.status >= 500,
        Error::Network { sent, .. } => *sent,
        Error::Timeout { phase, .. } => matches!(phase, Phase::Response | Phase::Body),
        // It was answered, by what nobody can read.
        Error::InvalidResponse { .. } | Error::BodyTooLarge { .. } | Error::Redirect { .. } => true,
        // A token was not to be had, or a connection: nothing was sent.
        _ => false,
    }
}

/// What an attempt to write credentials down came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Commit {
    /// They are written.
    Done,
    /// Write again, over whatever the record says.
    Again,
    /// The record holds others, or was disconnected: that is to be believed.
    Superseded,
}

/// Decides, after a swap that was not known to be won, by the record as it now is.
pub(super) fn commit(written: &CustomerRecord, current: &CustomerRecord) -> Commit {
    match &current.state {
        _ if *current == *written => Commit::Done,
        CustomerState::Connected { .. } => Commit::Superseded,
        _ if current.disconnects > written.disconnects => Commit::Superseded,
        // Who took the request over got no credentials yet, and will be told that there are some already.
        CustomerState::Connecting { .. } | CustomerState::Disconnected { .. } => Commit::Again,
    }
}

/// Why credentials that were issued are not written down yet, for who waits for them.
pub(super) fn unwritten(company_id: &str, error: Error) -> Error {
    match error {
        Error::Store { operation, problem } => {
            let problem = format!(
                "{problem}; the credentials of customer {company_id:?} were issued, and only this process has \
                 them: let it run until the store takes them, and connect() again"
            );
            Error::Store { operation, problem: problem.into() }
        }
        other => other,
    }
}

/// What to write to have a customer disconnected, once nobody is asking for its credentials; none if it is.
pub(super) fn leave(record: &CustomerRecord) -> Option<CustomerRecord> {
    let unresolved = match &record.state {
        CustomerState::Disconnected { .. } => return None,
        CustomerState::Connecting { unresolved, .. } => unresolved.saturating_add(1),
        CustomerState::Connected { .. } => 0,
    };
    Some(CustomerRecord {
        disconnects: record.disconnects.saturating_add(1),
        state: CustomerState::Disconnected { unresolved },
    })
}

fn unresolved(state: &CustomerState) -> u32 {
    match state {
        CustomerState::Disconnected { unresolved } | CustomerState::Connecting { unresolved, .. } => {
            *unresolved
        }
        CustomerState::Connected { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::{ApiError, NetworkKind};
    use crate::secret::Secret;

    fn disconnected(unresolved: u32) -> CustomerState {
        CustomerState::Disconnected { unresolved }
    }

    fn connecting(unresolved: u32) -> CustomerState {
        CustomerState::Connecting { owner: "p".into(), until: 9, unresolved }
    }

    fn connected(id: &str) -> CustomerState {
        CustomerState::Connected { client_id: id.into(), client_secret: Secret::new("s"), connected_at: 1 }
    }

    fn record(disconnects: u32, state: CustomerState) -> CustomerRecord {
        CustomerRecord { disconnects, state }
    }

    fn api(status: u16) -> Error {
        Error::Api(Box::new(ApiError {
            status,
            message: String::new(),
            vendor_code: None,
            errors: Vec::new(),
            request_id: None,
            headers: String::new(),
        }))
    }

    #[test]
    fn credentials_are_asked_for_by_one_at_a_time() {
        let table = [
            (disconnected(0), Step::Ask { unresolved: 0 }),
            (disconnected(2), Step::Ask { unresolved: 2 }),
            (connecting(0), Step::Ask { unresolved: 1 }),
            (connecting(3), Step::Ask { unresolved: 4 }),
            (connected("id"), Step::Done),
        ];
        for (state, expected) in table {
            assert_eq!(step(&state), expected, "{state:?}");
            let is_connecting = matches!(state, CustomerState::Connecting { .. });
            assert_eq!(is_asked_for(&state, false), is_connecting, "{state:?}");
            assert!(!is_asked_for(&state, true), "{state:?}");
        }
        assert_eq!(leased_until(&connecting(0)), 9);
        assert_eq!(leased_until(&connected("id")), 0);
    }

    #[test]
    fn what_may_have_been_issued_is_counted() {
        let network = |sent| Error::Network { kind: NetworkKind::Reset, sent, source: None };
        let timeout = |phase| Error::Timeout { phase, limit: Duration::ZERO };
        let token = Error::TokenUnavailable {
            problem: "".into(),
            status: None,
            answer: Box::default(),
            sent: true,
            source: None,
        };
        let table = [
            (api(400), 0),
            (api(401), 0),
            (api(403), 0),
            (api(404), 0),
            (api(409), 0),
            (api(429), 0),
            (api(500), 1),
            (api(503), 1),
            (network(false), 0),
            (network(true), 1),
            (Error::ConnectTimeout, 0),
            (timeout(Phase::Queue), 0),
            (timeout(Phase::Token), 0),
            (timeout(Phase::Retry), 0),
            (timeout(Phase::Response), 1),
            (timeout(Phase::Body), 1),
            (Error::InvalidResponse { problem: "".into() }, 1),
            (Error::BodyTooLarge { limit: 1 }, 1),
            (Error::Redirect { problem: "".into() }, 1),
            (token, 0),
            (Error::Closed, 0),
        ];
        for (error, more) in table {
            let after = after_failure(&record(5, connecting(2)), &error);
            assert_eq!(after, record(5, disconnected(2 + more)), "{error:?}");
        }
    }

    #[test]
    fn a_409_is_explained_by_what_came_before() {
        let table = [
            (record(0, connecting(0)), IntegrationReason::IssuedElsewhere),
            (record(0, connecting(1)), IntegrationReason::ResponseLost),
            (record(2, connecting(1)), IntegrationReason::ResponseLost),
            (record(1, connecting(0)), IntegrationReason::Disconnected),
        ];
        for (journal, expected) in table {
            let error = explained("acme", &journal, api(409));
            let Error::AlreadyIntegrated { company_id, reason, .. } = error else { panic!("{error:?}") };
            assert_eq!((company_id.as_str(), reason), ("acme", expected), "{journal:?}");
        }
        let denied = explained("acme", &record(0, connecting(1)), api(403));
        assert!(matches!(denied, Error::Api(_)), "as the API gives it");
    }

    #[test]
    fn what_was_issued_is_written_unless_there_is_newer() {
        let ours = record(1, connected("ours"));
        let table = [
            (record(1, connected("ours")), Commit::Done),
            (record(1, connected("theirs")), Commit::Superseded),
            (record(2, connected("theirs")), Commit::Superseded),
            (record(1, connecting(0)), Commit::Again),
            (record(1, connecting(1)), Commit::Again),
            (record(1, disconnected(1)), Commit::Again),
            (record(2, disconnected(1)), Commit::Superseded),
            (record(2, connecting(0)), Commit::Superseded),
            // The store was emptied, or put back.
            (record(0, disconnected(0)), Commit::Again),
        ];
        for (current, expected) in table {
            assert_eq!(commit(&ours, &current), expected, "{current:?}");
        }
    }

    #[test]
    fn who_is_disconnected_says_so() {
        let table = [
            (record(0, disconnected(1)), None),
            (record(0, connecting(0)), Some(record(1, disconnected(1)))),
            (record(3, connected("id")), Some(record(4, disconnected(0)))),
        ];
        for (state, expected) in table {
            assert_eq!(leave(&state), expected, "{state:?}");
        }
    }

    #[test]
    fn who_waits_hears_what_the_store_said_and_what_to_do() {
        let error = Error::Store { operation: "swap", problem: "it is full".into() };
        let shown = unwritten("acme", error).to_string();
        assert!(shown.starts_with("the store failed to swap: it is full; "), "{shown}");
        assert!(shown.contains("customer \"acme\" were issued"), "{shown}");
        assert!(matches!(unwritten("acme", Error::Closed), Error::Closed), "as it is");
    }
}

//! How a customer's record explains a failed request, and what it becomes when the customer is disconnected. Pure.

use crate::error::{Error, IntegrationReason};
use crate::once::{OneTimeRecord as _, OperationState};
use crate::store::{CustomerRecord, CustomerState};

/// Explains the error of a request that yielded no credentials by the customer's record.
pub(super) fn explained(company_id: &str, journal: &CustomerRecord, error: Error) -> Error {
    match error {
        Error::Api(answer) if answer.status == 409 => {
            let unresolved = match journal.operation_state() {
                OperationState::Ready { unresolved } | OperationState::InFlight { unresolved, .. } => {
                    unresolved
                }
                OperationState::Settled => 0,
            };
            let reason = match (unresolved, journal.disconnects) {
                (1.., _) => IntegrationReason::ResponseLost,
                (0, 1..) => IntegrationReason::Disconnected,
                (0, 0) => IntegrationReason::IssuedElsewhere,
            };
            Error::AlreadyIntegrated { company_id: company_id.to_owned(), reason, answer }
        }
        other => other,
    }
}

/// Adds to a store's error that the credentials were issued and are not stored yet.
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

/// The record of a customer after it is disconnected, or `None` if it already is. No request for its credentials may be
/// in flight. The record stays, since it explains why the API, which issues credentials once, refuses to connect the
/// customer again.
pub(super) fn leave(record: &CustomerRecord) -> Option<CustomerRecord> {
    let unresolved = match record.operation_state() {
        OperationState::Ready { .. } => return None,
        // The lease is over, and the outcome of the request is unknown.
        OperationState::InFlight { unresolved, .. } => unresolved.saturating_add(1),
        OperationState::Settled => 0,
    };
    Some(CustomerRecord {
        disconnects: record.disconnects.saturating_add(1),
        unread: Vec::new(),
        state: CustomerState::Disconnected { unresolved },
    })
}

//! The credentials of a partner's customer as the result of a one-time operation. Pure.

use super::protocol::{Journal, OneTimeRecord, OperationState};
use crate::credential::OAuthClient;
use crate::error::{Error, Phase};
use crate::store::{CustomerRecord, CustomerState, UnreadAnswer, keep};

/// The credentials that were issued for a customer.
#[derive(Debug)]
pub struct IssuedCredentials {
    /// The customer's client id and secret.
    pub client: OAuthClient,
    /// When they were requested, in milliseconds since the Unix epoch.
    pub at: u64,
}

impl IssuedCredentials {
    /// The state of the customer once it has these credentials.
    pub fn state(&self) -> CustomerState {
        CustomerState::Connected {
            client_id: self.client.id.clone(),
            client_secret: self.client.secret.clone(),
            connected_at: self.at,
        }
    }
}

impl OneTimeRecord for CustomerRecord {
    type Yield = IssuedCredentials;

    fn operation_state(&self) -> OperationState {
        match self.state {
            CustomerState::Disconnected { unresolved } => OperationState::Ready { unresolved },
            CustomerState::Connecting { until, unresolved, .. } => {
                OperationState::InFlight { until, unresolved }
            }
            CustomerState::Connected { .. } => OperationState::Settled,
        }
    }

    fn journalled(self, Journal { owner, until, unresolved }: Journal) -> Self {
        Self { state: CustomerState::Connecting { owner, until, unresolved }, ..self }
    }

    fn unread(&self) -> &[UnreadAnswer] {
        &self.unread
    }

    fn keeping(mut self, answer: UnreadAnswer) -> Self {
        keep(&mut self.unread, answer);
        self
    }

    fn holds(&self, issued: &IssuedCredentials) -> bool {
        matches!(&self.state, CustomerState::Connected { client_id, client_secret, .. }
            if *client_id == issued.client.id && *client_secret == issued.client.secret)
    }

    /// Other credentials, or a disconnection since, take precedence. A process that took over the request obtained no
    /// credentials, since the API refuses it because they were already issued.
    fn is_spent_by(&self, journal: &Self) -> bool {
        !matches!(self.state, CustomerState::Connected { .. }) && self.disconnects <= journal.disconnects
    }

    fn fulfilled(&self, journal: &Self, issued: &IssuedCredentials) -> Self {
        Self { disconnects: journal.disconnects, unread: Vec::new(), state: issued.state() }
    }

    fn failed(&self, error: &Error, _now: u64) -> Self {
        let before = if let OperationState::InFlight { unresolved, .. } = self.operation_state() {
            unresolved
        } else {
            0
        };
        let unresolved = before.saturating_add(u32::from(may_have_been_issued(error)));
        Self { state: CustomerState::Disconnected { unresolved }, ..self.clone() }
    }
}

/// Whether the API may have issued credentials although the request failed with this error.
fn may_have_been_issued(error: &Error) -> bool {
    match error {
        Error::Api(answer) => answer.status >= 500,
        Error::Network { sent, .. } => *sent,
        Error::Timeout { phase, .. } => matches!(phase, Phase::Response | Phase::Body),
        // An answer arrived, but it cannot be read.
        Error::InvalidResponse { .. } | Error::BodyTooLarge { .. } | Error::Redirect { .. } => true,
        // There was no token or no connection, so nothing was sent.
        _ => false,
    }
}

#[cfg(test)]
mod tests;

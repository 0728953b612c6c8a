//! The exchange of a grant's refresh token as a one-time operation. Pure.

use std::time::Duration;

use super::lease::LEASE_MILLIS;
use super::protocol::{Journal, OneTimeRecord, OperationState};
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason};
use crate::store::{GrantRecord, GrantState, Refusal, StoredAccessToken, UnreadAnswer, keep};
use crate::token::TokenSet;

/// The wait after a first refusal. It doubles with each further refusal in a row.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after a refusal.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl OneTimeRecord for GrantRecord {
    type Yield = TokenSet;

    fn operation_state(&self) -> OperationState {
        match self.state {
            // The answer to this authorization could not be read yet, so there is no refresh token to exchange.
            GrantState::Idle { .. } if self.refresh.0.is_empty() => OperationState::Settled,
            GrantState::Idle { unresolved } => OperationState::Ready { unresolved },
            GrantState::Exchanging { until, unresolved, .. } => {
                OperationState::InFlight { until, unresolved }
            }
            GrantState::Moving { .. } | GrantState::Ended { .. } => OperationState::Settled,
        }
    }

    fn journalled(self, Journal { owner, until, unresolved }: Journal) -> Self {
        Self { state: GrantState::Exchanging { owner, until, unresolved }, ..self }
    }

    fn unread(&self) -> &[UnreadAnswer] {
        match self.state {
            // The grant belongs to another id or app, which has the same answers. Two records must not own it.
            GrantState::Moving { .. } | GrantState::Ended { reason: ReauthorizationReason::Exported } => &[],
            _ => &self.unread,
        }
    }

    fn keeping(mut self, answer: UnreadAnswer) -> Self {
        keep(&mut self.unread, answer);
        self
    }

    fn holds(&self, tokens: &TokenSet) -> bool {
        let refresh = tokens.refresh.as_ref().is_none_or(|refresh| *refresh == self.refresh);
        refresh && tokens.access.as_ref().map(StoredAccessToken::of) == self.access
    }

    fn is_spent_by(&self, journal: &Self) -> bool {
        self.refresh == journal.refresh
    }

    fn fulfilled(&self, journal: &Self, tokens: &TokenSet) -> Self {
        // For the length of a lease, a process that took over the exchange of the previous token may still be about to
        // send it.
        let soon = tokens.issued.unix_millis().saturating_sub(journal.refresh_issued_at) < LEASE_MILLIS;
        // Unless this was the first exchange of the token, it may have been presented more than once.
        let is_first = matches!(journal.state, GrantState::Exchanging { unresolved: 0, .. });
        let contested = !is_first
            || (journal.contested && soon)
            // Another process took over the exchange, and may have presented the token as well.
            || self.state != journal.state;
        let (refresh, refresh_issued_at) = match &tokens.refresh {
            Some(refresh) => (refresh.clone(), tokens.issued.unix_millis()),
            // RFC 6749 section 6: an answer without a refresh token leaves the old one in force.
            None => (self.refresh.clone(), self.refresh_issued_at),
        };
        let scopes = match &tokens.access {
            Some(access) if !access.scopes.is_empty() => access.scopes.clone(),
            _ => self.scopes.clone(),
        };
        Self {
            access: tokens.access.as_ref().map(StoredAccessToken::of),
            refresh,
            refresh_issued_at,
            scopes,
            metadata: self.metadata.clone(),
            origin: self.origin.clone(),
            contested,
            unread: Vec::new(),
            refused: None,
            state: GrantState::Idle { unresolved: 0 },
        }
    }

    fn failed(&self, error: &Error, now: u64) -> Self {
        let unresolved = unresolved(&self.state);
        let idle = |unresolved| Self { state: GrantState::Idle { unresolved }, ..self.clone() };
        let ended = |reason| Self { state: GrantState::Ended { reason }, ..self.clone() };
        match verdict(error) {
            Verdict::Untouched => idle(unresolved),
            Verdict::Unknown => idle(unresolved.saturating_add(1)),
            Verdict::Refused => {
                Self { refused: refusal(self.refused.as_ref(), error, now), ..idle(unresolved) }
            }
            Verdict::Dead if unresolved == 0 && !self.contested => {
                ended(ReauthorizationReason::RevokedOrExpired)
            }
            Verdict::Dead => ended(ReauthorizationReason::ResponseLost),
        }
    }
}

fn unresolved(state: &GrantState) -> u32 {
    match state {
        GrantState::Idle { unresolved } | GrantState::Exchanging { unresolved, .. } => *unresolved,
        GrantState::Moving { .. } | GrantState::Ended { .. } => 0,
    }
}

/// What a failed exchange says about the refresh token.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It was not used: the request was not sent, or the answer does not concern the grant.
    Untouched,
    /// It may be spent: the request was sent, and no usable answer arrived.
    Unknown,
    /// The server does not accept it now, and may accept it later.
    Refused,
    /// The server says that it is no longer valid.
    Dead,
}

fn verdict(error: &Error) -> Verdict {
    match error {
        Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, .. } => Verdict::Dead,
        Error::TokenRefused { .. } => Verdict::Refused,
        // With a 2xx without a token, the server may have spent the refresh token.
        Error::TokenInvalid { .. } => Verdict::Unknown,
        Error::TokenUnavailable { sent: true, status, .. } => match status {
            None | Some(429 | 500..) => Verdict::Unknown,
            Some(_) => Verdict::Untouched,
        },
        _ => Verdict::Untouched,
    }
}

/// The refusal to record after `before`, the refusal that the record already holds.
fn refusal(before: Option<&Refusal>, error: &Error, now: u64) -> Option<Refusal> {
    let Error::TokenRefused { error: code, status, answer } = error else { return before.cloned() };
    let times = before.map_or(0, |refusal| refusal.times).saturating_add(1);
    // If the client was refused, only this process waits: its secret may be wrong, and those of others right.
    let wait = if error.refuses_client() { Duration::ZERO } else { wait(times) };
    let wait = wait.max(answer.retry_after.unwrap_or_default());
    Some(Refusal {
        since: before.map_or(now, |refusal| refusal.since),
        times,
        retry_at: now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        status: *status,
        code: code.as_str().to_owned(),
        description: answer.description.clone(),
    })
}

fn wait(times: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << times.saturating_sub(1).min(16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests;

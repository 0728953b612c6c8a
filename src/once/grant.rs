//! The refresh token of a grant as what is spent once. Pure.

use std::time::Duration;

use super::lease::LEASE_MILLIS;
use super::protocol::{Journal, OneTimeRecord, OperationState};
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason};
use crate::store::{GrantRecord, GrantState, Refusal, StoredAccessToken, UnreadAnswer, keep};
use crate::token::TokenSet;

/// The wait after a first refusal; it doubles with each in a row.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after a refusal.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl OneTimeRecord for GrantRecord {
    type Yield = TokenSet;

    fn operation_state(&self) -> OperationState {
        match self.state {
            // An authorization whose answer could not be read yet: there is nothing to exchange.
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
            // It belongs to another id or app, which has the same answers: two records must not own it.
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
        // A process that took over an exchange of the token before may still be about to send it, as long as a lease is.
        let soon = tokens.issued.unix_millis().saturating_sub(journal.refresh_issued_at) < LEASE_MILLIS;
        // Whatever else the record said when its answer was read, its token may have been presented again since.
        let is_first = matches!(journal.state, GrantState::Exchanging { unresolved: 0, .. });
        let contested = !is_first
            || (journal.contested && soon)
            // Another process took the exchange over, and may have spent the token as well.
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

/// What a failed exchange says of the refresh token.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It was not used: the request never left, or the answer is not about the grant.
    Untouched,
    /// It may be spent: the request left and no usable answer came.
    Unknown,
    /// The server does not accept it now, and may later.
    Refused,
    /// The server says that it is not valid any more.
    Dead,
}

fn verdict(error: &Error) -> Verdict {
    match error {
        Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, .. } => Verdict::Dead,
        Error::TokenRefused { .. } => Verdict::Refused,
        // A 2xx without a token: the server has done its part.
        Error::TokenInvalid { .. } => Verdict::Unknown,
        Error::TokenUnavailable { sent: true, status, .. } => match status {
            None | Some(429 | 500..) => Verdict::Unknown,
            Some(_) => Verdict::Untouched,
        },
        _ => Verdict::Untouched,
    }
}

/// The refusal after `before`, the one that the record holds already.
fn refusal(before: Option<&Refusal>, error: &Error, now: u64) -> Option<Refusal> {
    let Error::TokenRefused { error: code, status, answer } = error else { return before.cloned() };
    let times = before.map_or(0, |refusal| refusal.times).saturating_add(1);
    // A refusal of the client is for the process that has the wrong secret to wait after: others may have the right one.
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

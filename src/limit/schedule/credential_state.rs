//! [`CredentialState`]: how many requests of one credential may be in progress over all endpoints.

use std::time::Duration;

use super::in_progress::InProgress;
use super::window::Opening;
use crate::limit::endpoints::CONCURRENT;

/// What the limit of requests in progress is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConcurrencyScope {
    /// The limit is counted for each credential, over all endpoints: the safe reading of the vendor's page.
    #[default]
    Credential,
    /// The limit is counted for each endpoint of a credential.
    Endpoint,
}

/// The requests in progress of one credential, and their limit.
#[derive(Debug, Default)]
pub(super) struct CredentialState {
    pub(super) in_progress: InProgress,
    scope: ConcurrencyScope,
    /// The limit that the user chose.
    chosen: Option<usize>,
    /// The limit that answers reported.
    reported: Option<usize>,
    /// The number of other processes among which the limit is divided.
    others: usize,
}

impl CredentialState {
    /// Applies a client's own settings. The lowest `chosen` limit of all clients of the credential holds.
    pub(super) fn restrict(&mut self, scope: ConcurrencyScope, chosen: Option<usize>) {
        self.scope = scope;
        self.chosen = self.chosen.into_iter().chain(chosen).min();
    }

    pub(super) fn scope(&self) -> ConcurrencyScope {
        self.scope
    }

    /// The limit that the user chose.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    pub(super) fn set_reported(&mut self, reported: Option<usize>) {
        self.reported = reported;
    }

    /// The number of processes among which the limit is divided.
    pub(super) fn members(&self) -> usize {
        self.others + 1
    }

    pub(super) fn divide_by(&mut self, members: usize) {
        self.others = members.saturating_sub(1);
    }

    /// The limit of requests in progress over all endpoints, unless it is counted for each endpoint.
    pub(super) fn limit(&self) -> Option<usize> {
        if self.scope == ConcurrencyScope::Endpoint {
            return None;
        }
        Some(match (self.chosen, self.reported) {
            (Some(chosen), Some(reported)) => chosen.min(reported),
            (chosen, reported) => chosen.or(reported).unwrap_or(CONCURRENT as usize),
        })
    }

    /// When one more request may be in progress.
    pub(super) fn opening(&self, now: Duration) -> Opening {
        let of = |limit: usize| self.in_progress.opening((limit / self.members()).max(1), now);
        self.limit().map_or(Opening::Now, of)
    }
}

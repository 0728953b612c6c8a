//! [`Deadline`]: how long a call may take, and what it is doing.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::instant;
use crate::error::{Error, Phase, Result};
use crate::http::Progress;
use crate::limit::Permit;

/// The deadline of a call or of a read of its body, and the phase that it is in.
pub(super) struct Deadline {
    pub(super) at: Instant,
    limit: Duration,
    pub(super) progress: Progress,
}

impl Deadline {
    pub(super) fn new(limit: Duration) -> Self {
        Self { at: tokio::time::sleep(limit).deadline(), limit, progress: Progress::default() }
    }

    /// The time left until the deadline.
    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(instant())
    }

    /// Refuses a call that spent most of its time in the queue, if too little is left for an answer. It would be
    /// carried out and still be reported as failed.
    /// `endpoint` names the endpoint of the call.
    pub(super) fn refuse_if_late(&self, permit: &Permit, endpoint: impl FnOnce() -> String) -> Result<()> {
        let left = self.left();
        match permit.usual_answer() {
            Some(usual) if left < usual && left < self.limit / 2 => {
                Err(Error::TurnTooLate { endpoint: endpoint(), left, usual, to: None })
            }
            _ => Ok(()),
        }
    }

    /// Sets the phase that a timeout will report.
    pub(super) fn enter(&self, phase: Phase) {
        self.progress.enter(phase);
    }

    /// Runs `work`, and fails with [`Error::Timeout`] if the deadline passes first. The caller pins `work` because the
    /// state of a call is a few thousand bytes, which every wrapper would move again.
    pub(super) async fn keep<T>(&self, work: Pin<&mut impl Future<Output = Result<T>>>) -> Result<T> {
        tokio::time::timeout_at(self.at, work).await.unwrap_or_else(|_| {
            let (phase, sent) = (self.progress.phase(), self.progress.has_left());
            Err(Error::Timeout { phase, limit: self.limit, sent, to: None })
        })
    }
}

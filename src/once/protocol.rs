//! The decisions of a one-time operation: pure, so that the model in `protocol/model.rs` explores the same ones that
//! [`run`](super::run) makes.
//!
//! The rules that the model shows to be needed: a journal is written before the first byte of the request; a lease is
//! waited for; an answer that cannot be read is kept; a commit comes before the use of what it writes; whoever spent
//! what the record holds may write what it got for it; that two processes may have spent it is remembered.

use crate::error::Error;
use crate::store::{Record, UnreadAnswer};

/// What the record of a one-time operation says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationState {
    /// No process is at it, and it can begin.
    Ready {
        /// Operations of unknown outcome so far.
        unresolved: u32,
    },
    /// A process is at it, or died of it.
    InFlight {
        /// Until when no other process may begin, in milliseconds since the Unix epoch.
        until: u64,
        /// Operations of unknown outcome before this one.
        unresolved: u32,
    },
    /// There is nothing to do any more: it succeeded for good, or it never can.
    Settled,
}

/// What to do with a record that is not good enough as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Write the journal, then send the request.
    Begin {
        /// Operations of unknown outcome before this one.
        unresolved: u32,
    },
    /// Another process is at it: look again a little later.
    Wait,
    /// There is nothing to do any more.
    Stop,
}

/// Decides by the record, and by whether the lease in it is over.
pub(super) fn step(state: OperationState, lease_is_over: bool) -> Step {
    match state {
        OperationState::Ready { unresolved } => Step::Begin { unresolved },
        OperationState::InFlight { .. } if !lease_is_over => Step::Wait,
        // Its holder died, or was stopped for longer than its lease: what became of that request is unknown.
        OperationState::InFlight { unresolved, .. } => {
            Step::Begin { unresolved: unresolved.saturating_add(1) }
        }
        OperationState::Settled => Step::Stop,
    }
}

/// The lock and crash journal of an operation that is about to be sent.
#[derive(Debug, Clone)]
pub struct Journal {
    /// A random id of this process.
    pub owner: String,
    /// Until when no other process may begin, in milliseconds since the Unix epoch.
    pub until: u64,
    /// Operations of unknown outcome before this one.
    pub unresolved: u32,
}

/// How the request of an operation ended.
#[derive(Debug)]
pub(super) enum Outcome<Y> {
    /// Its answer was read.
    Yielded(Y),
    /// Its answer arrived and cannot be used: it is kept.
    Unread(UnreadAnswer, Error),
    /// There is no answer, or one that is worth nothing.
    Failed(Error),
}

/// A record that journals one-time operations.
pub trait OneTimeRecord: Record + Clone + PartialEq {
    /// What the answer to such an operation holds.
    type Yield;

    /// Whether an operation is in flight, can begin, or is settled.
    fn operation_state(&self) -> OperationState;

    /// The record with the journal of an operation that is about to be sent.
    #[must_use]
    fn journalled(self, journal: Journal) -> Self;

    /// The answers that it keeps.
    fn unread(&self) -> &[UnreadAnswer];

    /// Adds an answer to those that it keeps.
    #[must_use]
    fn keeping(self, answer: UnreadAnswer) -> Self;

    /// Whether it holds what an operation yielded.
    fn holds(&self, yielded: &Self::Yield) -> bool;

    /// Whether it still holds what the operation of `journal` spent, whoever else is at it.
    fn is_spent_by(&self, journal: &Self) -> bool;

    /// The record once it holds what the operation of `journal` yielded.
    #[must_use]
    fn fulfilled(&self, journal: &Self, yielded: &Self::Yield) -> Self;

    /// The record once its operation, of which it is the journal, failed at `now` (in milliseconds since the Unix
    /// epoch).
    #[must_use]
    fn failed(&self, error: &Error, now: u64) -> Self;
}

/// What to write after an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<R> {
    /// Write this.
    Write(R),
    /// It is written already.
    Done,
    /// Another process has changed the record, and what it says is to be believed.
    Superseded,
}

/// Decides what to write after the operation of `journal`, over the record as it is now.
pub(super) fn next<R: OneTimeRecord>(
    outcome: &Outcome<R::Yield>,
    journal: &R,
    current: &R,
    now: u64,
) -> Next<R> {
    match outcome {
        Outcome::Yielded(yielded) if current.holds(yielded) => Next::Done,
        Outcome::Yielded(yielded) if current.is_spent_by(journal) => {
            Next::Write(current.fulfilled(journal, yielded))
        }
        Outcome::Unread(answer, _) if current.unread().contains(answer) => Next::Done,
        Outcome::Unread(answer, error) if current == journal => {
            Next::Write(journal.failed(error, now).keeping(answer.clone()))
        }
        // Another process took the operation over. The answer is worth as much as before.
        Outcome::Unread(answer, _) if current.is_spent_by(journal) => {
            Next::Write(current.clone().keeping(answer.clone()))
        }
        Outcome::Failed(error) if current == journal => Next::Write(journal.failed(error, now)),
        _ => Next::Superseded,
    }
}

#[cfg(test)]
mod model;

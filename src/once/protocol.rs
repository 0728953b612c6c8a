//! The decisions of a one-time operation. They are pure, so that the model in `protocol/model.rs` explores the same
//! functions that [`run`](super::run) calls.
//!
//! The model shows that each of these rules is needed:
//!
//! - The journal is written before the first byte of the request.
//! - A process waits for another one's lease.
//! - An answer that cannot be read is kept.
//! - A result is committed before it is used.
//! - A process that spent what the record holds may always commit the result.
//! - A record remembers that two processes may have spent the same token.

use crate::error::Error;
use crate::store::{Record, UnreadAnswer};

/// The state of a one-time operation, as its record describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationState {
    /// No process is carrying it out, and it can begin.
    Ready {
        /// The number of operations so far whose outcome is unknown.
        unresolved: u32,
    },
    /// A process is carrying it out, or crashed while doing so.
    InFlight {
        /// The end of the lease, in milliseconds since the Unix epoch. No other process may begin before it.
        until: u64,
        /// The number of earlier operations whose outcome is unknown.
        unresolved: u32,
    },
    /// Nothing remains to be done: it has succeeded for good, or can never succeed.
    Settled,
}

/// What to do with a record that does not have what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Write the journal, then send the request.
    Begin {
        /// The number of earlier operations whose outcome is unknown.
        unresolved: u32,
    },
    /// Another process is carrying it out. Look again later.
    Wait,
    /// There is nothing to do any more.
    Stop,
}

/// Decides by the operation's state, and by whether the lease in its record is over.
pub(super) fn step(state: OperationState, lease_is_over: bool) -> Step {
    match state {
        OperationState::Ready { unresolved } => Step::Begin { unresolved },
        OperationState::InFlight { .. } if !lease_is_over => Step::Wait,
        // The holder crashed or was stopped for longer than its lease, so the outcome of its request is unknown.
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
    /// The end of the lease, in milliseconds since the Unix epoch. No other process may begin before it.
    pub until: u64,
    /// The number of earlier operations whose outcome is unknown.
    pub unresolved: u32,
}

/// How the request of an operation ended.
#[derive(Debug)]
pub(super) enum Outcome<Y> {
    /// The answer was read.
    Yielded(Y),
    /// The answer arrived and cannot be used, so it is kept.
    Unread(UnreadAnswer, Error),
    /// There is no answer, or one that holds nothing of value.
    Failed(Error),
}

/// A record that journals one-time operations.
pub trait OneTimeRecord: Record + Clone + PartialEq {
    /// What a successful answer to the operation holds.
    type Yield;

    /// Whether an operation is in flight, can begin, or is settled.
    fn operation_state(&self) -> OperationState;

    /// The record with the journal of an operation that is about to be sent.
    #[must_use]
    fn journalled(self, journal: Journal) -> Self;

    /// The unread answers that the record keeps.
    fn unread(&self) -> &[UnreadAnswer];

    /// The record with one more unread answer.
    #[must_use]
    fn keeping(self, answer: UnreadAnswer) -> Self;

    /// Whether the record already holds what an operation yielded.
    fn holds(&self, yielded: &Self::Yield) -> bool;

    /// Whether the record still holds what the operation of `journal` spent, even if another process took the operation
    /// over.
    fn is_spent_by(&self, journal: &Self) -> bool;

    /// The record with the result of the operation of `journal`.
    #[must_use]
    fn fulfilled(&self, journal: &Self, yielded: &Self::Yield) -> Self;

    /// The record after its operation failed at `now`, in milliseconds since the Unix epoch. `self` is the operation's
    /// journal.
    #[must_use]
    fn failed(&self, error: &Error, now: u64) -> Self;
}

/// What to do with a record after an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<R> {
    /// Write this record.
    Write(R),
    /// The outcome is already written.
    Done,
    /// Another process has changed the record, and its change takes precedence.
    Superseded,
}

/// Decides what to write after the operation of `journal`. `current` is the record as it is now.
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
        // Another process took over the operation, but the answer is still worth keeping.
        Outcome::Unread(answer, _) if current.is_spent_by(journal) => {
            Next::Write(current.clone().keeping(answer.clone()))
        }
        Outcome::Failed(error) if current == journal => Next::Write(journal.failed(error, now)),
        _ => Next::Superseded,
    }
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests;

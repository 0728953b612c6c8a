//! [`run`]: the steps of a one-time operation, in the order that ensures that its result is not lost.

use std::future::Future;
use std::pin::{Pin, pin};

use super::in_flight::{InFlight, Preparing};
use super::lease::{
    FIRST_COMMIT_WAIT, LEASE_MILLIS, LEASE_POLL, LONGEST_COMMIT_WAIT, LONGEST_JOURNAL, Lease,
};
use super::protocol::{Journal, Next, OneTimeRecord, Outcome, Step, next};
use super::vault::{Vault, look};
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::http::Answer;
use crate::store::{Swap, UnreadAnswer, Version};
use crate::torture::reach;

/// What differs between kinds of one-time operations: the request, how an answer is read, and who is informed.
pub trait OneTime: Sync {
    /// The record that journals it.
    type Record: OneTimeRecord<Yield: Send + Sync> + Send + Sync;
    /// An open connection, and everything else that the request needs.
    type Connection: Send;

    /// The id of the record that journals the operation.
    fn id(&self) -> &str;

    /// The record to begin with if the store has none, or the error that says why there must be one.
    fn absent(&self) -> Result<Self::Record>;

    /// Whether this process expects to send the request, because no other process is likely to be faster. If so, it
    /// connects while the record is loaded. The connection is closed unused if the record turns out to be good enough.
    fn is_expected_to_ask(&self) -> bool {
        false
    }

    /// Opens a connection. A failure here costs nothing, since nothing was sent.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection>> + Send;

    /// Sends the request once. The error says whether a byte of it may have been sent.
    fn ask(
        &self,
        connection: Self::Connection,
        journal: &Self::Record,
    ) -> impl Future<Output = Result<Answer>> + Send;

    /// Reads an answer to the operation of `journal`, whose request was sent at `sent`.
    fn read(
        &self,
        answer: &Answer,
        sent: Moment,
        journal: &Self::Record,
    ) -> Result<<Self::Record as OneTimeRecord>::Yield>;

    /// Whether an answer that could not be read may hold something valuable, and must be kept.
    fn is_worth_keeping(&self, answer: &Answer, journal: &Self::Record) -> bool;

    /// The error that says why the record can neither be used nor become usable by another operation.
    fn why_unusable(&self, record: &Self::Record) -> Error;

    /// Explains the error of a failed operation by its `journal`. `written` is the record after the failure was written
    /// to it.
    fn explain(&self, journal: &Self::Record, written: &Self::Record, error: Error) -> Error;

    /// Reports that an outcome could not be stored at the `times`-th attempt. This process has the only copy.
    fn unwritten(&self, error: Error, times: u32);

    /// Reports that an outcome is lost, since its store is gone for good.
    fn lost(&self, error: Error);
}

/// How [`run`] ended.
#[derive(Debug)]
pub enum Ran<T, Y> {
    /// The record already had what was needed.
    Found(T),
    /// An operation was carried out, and yielded this.
    Yielded(Y),
}

/// Runs the operation, unless `enough` finds in the record what the operation would obtain, or fails because it must
/// not run. If several processes do this at once, one of them sends the request.
///
/// Once the request is sent, this future must run to its end even if no caller waits for it: spawn it, and never drop
/// it.
pub async fn run<O: OneTime, T: Send>(
    vault: &Vault,
    operation: &O,
    enough: impl Fn(&O::Record, Moment) -> Result<Option<T>> + Send,
) -> Result<Ran<T, <O::Record as OneTimeRecord>::Yield>> {
    let mut watched: Option<Lease> = None;
    loop {
        let preparing = Preparing::begin();
        let mut connecting = Box::pin(operation.connect());
        let mut connected = None;
        let loaded = if operation.is_expected_to_ask() {
            beside(vault.find(operation.id()), connecting.as_mut(), &mut connected).await
        } else {
            vault.find(operation.id()).await
        };
        let (version, record) = match loaded? {
            Some(found) => found,
            None => (0, operation.absent()?),
        };
        reach("loaded");
        let now = vault.now();
        if let Some(found) = enough(&record, now)? {
            return Ok(Ran::Found(found));
        }
        let step = look(version, &record, now, &mut watched);
        if step == Step::Wait {
            drop((preparing, connecting, connected));
            tokio::time::sleep(LEASE_POLL).await;
            continue;
        }
        // This release may be able to read an answer that the requesting one could not.
        if let Some(yielded) = read_kept(operation, &record, now) {
            match write_down(vault, operation, version, &record, Outcome::Yielded(yielded)).await? {
                Some(yielded) => return Ok(Ran::Yielded(yielded)),
                None => continue,
            }
        }
        let Step::Begin { unresolved } = step else { return Err(operation.why_unusable(&record)) };
        // Connect before the journal is written: a failure here leaves no doubt whether the request was sent.
        reach("connecting");
        let connection = match connected {
            Some(connected) => connected,
            None => connecting.await,
        }?;
        reach("connected");
        let _in_flight = InFlight::begin()?;
        drop(preparing);
        let sent = vault.now();
        let until = sent.unix_millis().saturating_add(LEASE_MILLIS);
        let journal = record.journalled(Journal { owner: vault.owner.to_string(), until, unresolved });
        // Journal before request: a process that finds the journal later knows that the request may have been sent. If
        // the record changed, the decisions above no longer hold.
        reach("journalling");
        if vault.swap(operation.id(), version, &journal).await? == Swap::Lost {
            continue;
        }
        reach("journalled");
        if vault.now().since(sent) >= LONGEST_JOURNAL {
            continue;
        }
        let outcome = ask(operation, connection, &journal, sent).await;
        reach("answered");
        // The outcome is stored before it is reported: a result must not be used if a crash could still lose it.
        if let Some(yielded) = write_down(vault, operation, version + 1, &journal, outcome).await? {
            return Ok(Ran::Yielded(yielded));
        }
    }
}

/// Waits for `work`, and runs `other` meanwhile. If `other` completes first, its result is put into `done`.
async fn beside<T, O>(
    work: impl Future<Output = T>,
    mut other: Pin<&mut impl Future<Output = O>>,
    done: &mut Option<O>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return result,
            result = other.as_mut(), if done.is_none() => *done = Some(result),
        }
    }
}

/// Sends the request and reads its answer.
async fn ask<O: OneTime>(
    operation: &O,
    connection: O::Connection,
    journal: &O::Record,
    sent: Moment,
) -> Outcome<<O::Record as OneTimeRecord>::Yield> {
    let answer = match operation.ask(connection, journal).await {
        Ok(answer) => answer,
        Err(error) => return Outcome::Failed(error),
    };
    match operation.read(&answer, sent, journal) {
        Ok(yielded) => Outcome::Yielded(yielded),
        Err(error) if operation.is_worth_keeping(&answer, journal) => {
            let bytes = answer.as_bytes().to_vec().into();
            Outcome::Unread(UnreadAnswer { bytes, asked_at: sent.unix_millis() }, error)
        }
        Err(error) => Outcome::Failed(error),
    }
}

/// The result of an answer that the record keeps, if one can be read now.
fn read_kept<O: OneTime>(
    operation: &O,
    record: &O::Record,
    now: Moment,
) -> Option<<O::Record as OneTimeRecord>::Yield> {
    record.unread().iter().find_map(|kept| {
        let answer = Answer::from_bytes(kept.bytes.to_vec());
        operation.read(&answer, now.at_unix_millis(kept.asked_at), record).ok()
    })
}

/// Stores an outcome. If it holds an answer, this retries for as long as it takes, since there is no second copy. The
/// process that spent what the record holds has the right to write. Returns what the operation yielded, or `None` if
/// another process changed the record meanwhile and that change takes precedence.
///
/// A failure is written once. If the store does not accept it, the journal stays. The process that finds the journal
/// after its lease then treats the outcome as unknown, which is correct.
async fn write_down<O: OneTime>(
    vault: &Vault,
    operation: &O,
    mut version: Version,
    journal: &O::Record,
    outcome: Outcome<<O::Record as OneTimeRecord>::Yield>,
) -> Result<Option<<O::Record as OneTimeRecord>::Yield>> {
    let must_be_kept = !matches!(outcome, Outcome::Failed(_));
    let (before, after) = if matches!(outcome, Outcome::Yielded(_)) {
        ("committing", "committed")
    } else {
        ("releasing", "released")
    };
    let mut current = journal.clone();
    let mut wait = FIRST_COMMIT_WAIT;
    let mut surprised = false;
    let mut times = 0;
    let written = loop {
        let record = match next(&outcome, journal, &current, vault.now().unix_millis()) {
            Next::Write(record) => record,
            Next::Done => break current,
            Next::Superseded => return Ok(None),
        };
        reach(before);
        let mut failed = match vault.swap(operation.id(), version, &record).await {
            Ok(Swap::Won) => break record,
            Ok(Swap::Lost) => None,
            Err(error) => Some(error),
        };
        // The record is loaded after an error too: the swap may have succeeded, and only the store's answer was lost.
        match vault.find(operation.id()).await {
            Ok(Some(found)) => (version, current) = found,
            // The store lost the record, so this is now the only copy.
            Ok(None) if must_be_kept => version = 0,
            Ok(None) => break record,
            Err(error) => failed = failed.or(Some(error)),
        }
        if !must_be_kept {
            if failed.is_some() {
                break record;
            }
            continue;
        }
        // One lost swap may be due to another process. If it keeps happening, the store is at fault.
        if failed.is_none() && !std::mem::replace(&mut surprised, true) {
            continue;
        }
        times += 1;
        let failed = failed.unwrap_or_else(never_the_same);
        if vault.records.is_gone() {
            operation.lost(failed.clone());
            return Err(failed);
        }
        operation.unwritten(failed, times);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
    };
    reach(after);
    match outcome {
        Outcome::Yielded(yielded) => Ok(Some(yielded)),
        Outcome::Unread(_, error) | Outcome::Failed(error) => {
            Err(operation.explain(journal, &written, error))
        }
    }
}

fn never_the_same() -> Error {
    let problem = "a record is never the one that was loaded: another program writes to the store, or `load` lags behind \
                   `swap`";
    Error::Store { operation: "swap", problem: problem.into() }
}

#[cfg(test)]
mod tests;

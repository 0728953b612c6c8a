//! [`Results`]: what has finished and waits for Node, and whether Node has to be woken for it.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// How many results wake Node although the runtime has more to do. The models have few calls, and so small batches.
const BATCH: usize = if cfg!(feature = "models") { 2 } else { 32 };
/// How many results JavaScript gets at once, at most: timers and sockets have their turn between two batches.
const MOST: usize = if cfg!(feature = "models") { 3 } else { 48 };

/// The results of calls, each with the number of its call. The core adds them, and Node's thread takes them.
pub(super) struct Results<T> {
    finished: Mutex<Vec<(u32, T)>>,
    /// Node has been woken, and keeps asking until nothing is left.
    woken: AtomicBool,
}

/// When Node has to be woken for a result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Once everything that can run now has run.
    Soon,
    /// At once, since many results wait.
    Now,
}

impl<T> Default for Results<T> {
    fn default() -> Self {
        Self { finished: Mutex::new(Vec::new()), woken: AtomicBool::new(false) }
    }
}

impl<T> Results<T> {
    /// Adds a result. `None` if Node need not be woken for it, since results before it see to that.
    pub(super) fn add(&self, call_id: u32, result: T) -> Option<Wake> {
        let mut finished = self.lock();
        finished.push((call_id, result));
        match finished.len() {
            1 => Some(Wake::Soon),
            BATCH => Some(Wake::Now),
            _ => None,
        }
    }

    /// Whether Node has to be woken, which the caller then does.
    pub(super) fn is_asleep(&self) -> bool {
        !self.woken.swap(true, Ordering::AcqRel)
    }

    /// Takes the results of the calls in `running`, and removes the calls that they end. If there are none, the next
    /// result wakes Node.
    pub(super) fn take<H>(
        &self,
        running: &mut HashMap<u32, H>,
        ends_call: impl Fn(&T) -> bool,
    ) -> Vec<(u32, T)> {
        let mut taken = Vec::new();
        while taken.is_empty() {
            let mut finished = self.lock();
            if finished.is_empty() {
                // Under the lock, so that a call that finishes now sees it.
                self.woken.store(false, Ordering::Release);
                break;
            }
            let most = finished.len().min(MOST);
            let rest = finished.split_off(most);
            taken = std::mem::replace(&mut *finished, rest);
            drop(finished);
            taken.retain(|(call_id, result)| {
                if ends_call(result) {
                    running.remove(call_id).is_some()
                } else {
                    running.contains_key(call_id)
                }
            });
        }
        taken
    }

    /// As [`Results::take`], when Node asks by itself.
    pub(super) fn next<H>(
        &self,
        running: &mut HashMap<u32, H>,
        ends_call: impl Fn(&T) -> bool,
    ) -> Vec<(u32, T)> {
        let taken = self.take(running, ends_call);
        if running.is_empty() {
            // No call is left to wait for: the end of the next one wakes Node again.
            self.woken.store(false, Ordering::Release);
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u32, T)>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[cfg(feature = "models")]
mod models;

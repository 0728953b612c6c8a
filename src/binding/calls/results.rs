//! [`Results`]: what has finished and waits for Node, and whether Node has to be woken for it.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// How many results wake Node although the runtime has more to do. The models have few calls, and so small batches.
const BATCH: usize = if cfg!(feature = "models") { 2 } else { 32 };
/// How many results JavaScript gets at once, at most: timers and sockets have their turn between two batches.
const MOST: usize = if cfg!(feature = "models") { 3 } else { 48 };
/// The number of body bytes that ends a batch. JavaScript takes a fifth of a millisecond or more to parse 30 KB of JSON, and
/// timers and sockets wait until it has parsed the whole batch.
const HEAVY: usize = 64 * 1024;

/// The results of calls, each with the number of its call. The core adds them, and Node's thread takes them.
pub(super) struct Results<T> {
    finished: Mutex<Vec<(u32, T)>>,
    /// Node has been woken, and keeps asking until nothing is left.
    woken: AtomicBool,
}

/// What the queue needs to know about a result.
pub(super) trait Finished {
    /// Whether this is the last result of its call.
    fn ends_call(&self) -> bool;

    /// The number of body bytes that JavaScript receives with this result.
    fn size(&self) -> usize;
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

impl<T: Finished> Results<T> {
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

    /// Takes results of the calls in `running`, and removes the calls that they end. If there are none, the next result
    /// wakes Node.
    pub(super) fn take<H>(&self, running: &mut HashMap<u32, H>) -> Vec<(u32, T)> {
        let mut taken = Vec::new();
        while taken.is_empty() {
            let mut finished = self.lock();
            if finished.is_empty() {
                // Under the lock, so that a call that finishes now sees it.
                self.woken.store(false, Ordering::Release);
                break;
            }
            let mut bytes = 0;
            let full = finished.iter().take(MOST).position(|(_, result)| {
                bytes += result.size();
                bytes >= HEAVY
            });
            let most = full.map_or(finished.len().min(MOST), |last| last + 1);
            let rest = finished.split_off(most);
            taken = std::mem::replace(&mut *finished, rest);
            drop(finished);
            taken.retain(|(call_id, result)| {
                if result.ends_call() {
                    running.remove(call_id).is_some()
                } else {
                    running.contains_key(call_id)
                }
            });
        }
        taken
    }

    /// As [`Results::take`], when Node asks by itself.
    pub(super) fn next<H>(&self, running: &mut HashMap<u32, H>) -> Vec<(u32, T)> {
        let taken = self.take(running);
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

#[cfg(test)]
#[cfg(not(feature = "models"))]
mod tests {
    use super::*;

    impl Finished for usize {
        fn ends_call(&self) -> bool {
            true
        }

        fn size(&self) -> usize {
            *self
        }
    }

    #[test]
    fn a_batch_ends_when_it_has_many_results_or_many_bytes() {
        let third = HEAVY / 3 + 1;
        // (what has finished, how long the batches are)
        let table: [(Vec<usize>, &[usize]); 5] = [
            (vec![0; 100], &[48, 48, 4]),
            (vec![HEAVY - 1, 0, 1, 0], &[3, 1]),
            (vec![HEAVY * 5, HEAVY], &[1, 1]),
            (vec![third; 7], &[3, 3, 1]),
            (vec![], &[]),
        ];
        for (sizes, expected) in table {
            let results = Results::default();
            let mut running = HashMap::new();
            for (call_id, size) in (0..).zip(&sizes) {
                running.insert(call_id, ());
                results.add(call_id, *size);
            }
            let mut batches = Vec::new();
            let mut order = Vec::new();
            loop {
                let batch = results.take(&mut running);
                if batch.is_empty() {
                    break;
                }
                batches.push(batch.len());
                order.extend(batch);
            }
            assert_eq!(batches, expected, "{sizes:?}");
            assert_eq!(order, (0..).zip(sizes).collect::<Vec<_>>(), "each once, in their order");
            assert!(running.is_empty() && results.is_asleep());
        }
    }
}

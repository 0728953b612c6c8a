//! Warnings to the whole process, for losses whose listeners no longer exist.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

static WARNINGS: Mutex<Warnings> = Mutex::new(Warnings::new());

struct Warnings {
    /// Warnings that were not passed to the user yet.
    waiting: Vec<String>,
    threads: Vec<Warner>,
}

/// A thread that can pass the warnings of [`take_process_warnings`] to the user of this process.
pub struct Warner(Box<dyn Fn() -> bool + Send + Sync>);

impl Warner {
    /// A thread that `wake` wakes. `wake` returns false once the thread has ended. It is called on the core's thread
    /// and must not block.
    pub fn new(wake: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Box::new(wake))
    }

    /// Registers the thread. A warning wakes the first registered thread that still exists. A `preferred` one, the main
    /// thread, comes before the others.
    pub fn register(self, preferred: bool) {
        warnings().register(self, preferred);
    }
}

impl fmt::Debug for Warner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Warner")
    }
}

impl Warnings {
    const fn new() -> Self {
        Self { waiting: Vec::new(), threads: Vec::new() }
    }

    fn register(&mut self, warner: Warner, preferred: bool) {
        let at = if preferred { 0 } else { self.threads.len() };
        self.threads.insert(at, warner);
        self.wake();
    }

    fn warn(&mut self, message: String) {
        self.waiting.push(message);
        self.wake();
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.waiting)
    }

    fn wake(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        while let Some(first) = self.threads.first() {
            if (first.0)() {
                return;
            }
            self.threads.remove(0);
        }
    }
}

/// Warns the user of this process about a loss that no listener can receive.
pub(crate) fn warn_process(message: String) {
    warnings().warn(message);
}

/// Takes the warnings that were not passed to the user yet.
pub fn take_process_warnings() -> Vec<String> {
    warnings().take()
}

fn warnings() -> MutexGuard<'static, Warnings> {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_preferred_thread_is_woken_and_then_another_that_is_still_there() {
        let woken = Arc::new(Mutex::new(Vec::new()));
        let warner = |name: &'static str, times: usize| {
            let woken = Arc::clone(&woken);
            let left = Mutex::new(times);
            Warner::new(move || {
                let mut left = left.lock().unwrap();
                if *left == 0 {
                    return false;
                }
                *left -= 1;
                woken.lock().unwrap().push(name);
                true
            })
        };
        let mut warnings = Warnings::new();
        warnings.register(warner("worker", 1), false);
        warnings.register(warner("main", 2), true);
        for message in ["one", "two", "three", "four"] {
            warnings.warn(message.to_owned());
        }
        assert_eq!(*woken.lock().unwrap(), ["main", "main", "worker"]);
        // A thread that comes later gets what nobody has taken.
        warnings.register(warner("late", 1), false);
        assert_eq!(*woken.lock().unwrap(), ["main", "main", "worker", "late"]);
        assert_eq!(warnings.take(), ["one", "two", "three", "four"]);
        assert!(warnings.take().is_empty());
    }
}

//! Warnings to the whole process: about losses whose listeners no longer exist, and about deprecated operations.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

static WARNINGS: Mutex<Warnings> = Mutex::new(Warnings::new());

struct Warnings {
    /// Warnings that were not passed to the user yet.
    waiting: Vec<ProcessWarning>,
    threads: Vec<Warner>,
}

/// A warning to the user of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessWarning {
    /// What the warning is about.
    pub kind: WarningKind,
    /// What happened, and what to do about it.
    pub message: String,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// Tokens were lost, because the thread to which their store belongs has ended.
    StoreGone,
    /// The vendor calls an operation deprecated.
    Deprecated,
}

impl WarningKind {
    /// The stable code of such warnings.
    pub fn code(self) -> &'static str {
        match self {
            Self::StoreGone => "SMARTRECRUITERS_STORE_GONE",
            Self::Deprecated => "SMARTRECRUITERS_DEPRECATED",
        }
    }

    /// Node's name for such warnings.
    pub fn name(self) -> &'static str {
        match self {
            Self::StoreGone => "Warning",
            Self::Deprecated => "DeprecationWarning",
        }
    }
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

    fn warn(&mut self, warning: ProcessWarning) {
        self.waiting.push(warning);
        self.wake();
    }

    fn take(&mut self) -> Vec<ProcessWarning> {
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

/// Warns the user of this process.
pub(crate) fn warn_process(kind: WarningKind, message: String) {
    warnings().warn(ProcessWarning { kind, message });
}

/// Takes the warnings that were not passed to the user yet.
pub fn take_process_warnings() -> Vec<ProcessWarning> {
    warnings().take()
}

fn warnings() -> MutexGuard<'static, Warnings> {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn warning(message: &str) -> ProcessWarning {
        ProcessWarning { kind: WarningKind::StoreGone, message: message.to_owned() }
    }

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
            warnings.warn(warning(message));
        }
        assert_eq!(*woken.lock().unwrap(), ["main", "main", "worker"]);
        // A thread that comes later gets what nobody has taken.
        warnings.register(warner("late", 1), false);
        assert_eq!(*woken.lock().unwrap(), ["main", "main", "worker", "late"]);
        assert_eq!(warnings.take(), ["one", "two", "three", "four"].map(warning));
        assert!(warnings.take().is_empty());
    }
}

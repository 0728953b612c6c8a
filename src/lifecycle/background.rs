//! [`Background`]: which passes of keep-alive run by themselves, and for how long.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

/// Options of one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAliveOptions {
    /// Renew what was not renewed for this long; less than the 28 days that a refresh token lives.
    pub idle: Duration,
    /// The most exchanges to begin in a second.
    pub per_second: u32,
}

/// Options of passes in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackgroundOptions {
    /// What each pass does.
    pub pass: KeepAliveOptions,
    /// The time from the end of one pass to the beginning of the next, give or take a tenth.
    pub every: Duration,
}

/// The passes that run by themselves: for each set of options, while an app wants them.
#[derive(Debug, Default)]
pub(super) struct Background(Mutex<Vec<(BackgroundOptions, Weak<PassHandle>)>>);

/// Held by each app that wants passes.
pub(super) type PassHandle = watch::Sender<()>;

impl Background {
    /// The second value is for the first app that wants such passes: it changes when no app does any more.
    pub(super) fn join(&self, options: BackgroundOptions) -> (Arc<PassHandle>, Option<watch::Receiver<()>>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, handle)| handle.strong_count() > 0);
        let known = all.iter().find(|(known, _)| *known == options);
        if let Some(handle) = known.and_then(|(_, handle)| handle.upgrade()) {
            return (handle, None);
        }
        let (handle, ended) = watch::channel(());
        let handle = Arc::new(handle);
        all.push((options, Arc::downgrade(&handle)));
        (handle, Some(ended))
    }
}

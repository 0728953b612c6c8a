//! [`Background`]: which passes of keep-alive run in the background, and for how long.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

/// Options of one pass of keep-alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAliveOptions {
    /// Grants that were not renewed for this long are renewed. Must be less than the 28 days that a refresh token
    /// lives.
    pub idle: Duration,
    /// The most exchanges to begin per second.
    pub per_second: u32,
}

/// Options of keep-alive in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackgroundOptions {
    /// The options of each pass.
    pub pass: KeepAliveOptions,
    /// The time from the end of one pass to the beginning of the next. It varies at random by up to a tenth.
    pub every: Duration,
}

/// The passes in the background: one series for each set of options, as long as an app holds its handle.
#[derive(Debug, Default)]
pub(super) struct Background(Mutex<Vec<(BackgroundOptions, Weak<PassHandle>)>>);

/// The handle that keeps a series of passes running. Each app that asked for the series holds it.
pub(super) type PassHandle = watch::Sender<()>;

impl Background {
    /// Joins the series of passes with these options. The first app also gets a receiver, which ends when the last
    /// handle is dropped.
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

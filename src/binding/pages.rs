//! [`NativePages`]: a list, page by page, and [`NativePosition`]: how far it was read.

use std::sync::Arc;

use napi::Env;
use napi_derive::napi;
use tokio::sync::{Mutex, Notify};

use super::completions::{NativeCompletions, Outcome};
use crate::client::{PageProgress, Pages, Position};

/// One pass through a list. What it asked for is taken back when it is collected.
#[napi]
pub struct NativePages {
    pages: Arc<Mutex<Option<Pages>>>,
    stopped: Arc<Notify>,
    start: Position,
}

impl NativePages {
    pub(super) fn new(pages: Pages) -> Self {
        let start = pages.position().clone();
        Self { pages: Arc::new(Mutex::new(Some(pages))), stopped: Arc::default(), start }
    }
}

#[napi]
impl NativePages {
    /// How far the list was read before the first page.
    #[napi(catch_unwind)]
    pub fn start(&self) -> NativePosition {
        NativePosition(self.start.clone())
    }

    /// The next page; as `id` come how far the list was read, and the page's items as the JSON text of a list, or none
    /// at the end. Nothing at all comes if it was stopped.
    #[napi(catch_unwind)]
    pub fn next(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        let (pages, stopped) = (Arc::clone(&self.pages), Arc::clone(&self.stopped));
        completions.start(env, id, async move {
            let mut pages = pages.lock().await;
            let Some(open) = pages.as_mut() else { return Ok(Outcome::Nothing) };
            tokio::select! {
                step = open.next() => step.map(Outcome::from),
                () = stopped.notified() => Ok(Outcome::Nothing),
            }
        })
    }

    /// Takes back all that is on its way, also while a page is awaited; `id` comes when that is done.
    #[napi(catch_unwind)]
    pub fn stop(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        self.stopped.notify_one();
        let pages = Arc::clone(&self.pages);
        completions.start(env, id, async move {
            let open = pages.lock().await.take();
            if let Some(open) = open {
                open.stop().await;
            }
            Ok(Outcome::Nothing)
        })
    }
}

/// How far a list was read.
#[napi(object, object_from_js = false)]
pub struct NativeProgress {
    /// Items taken.
    pub done: f64,
    /// Items that there are.
    pub total: Option<f64>,
    /// Items a second.
    pub rate: f64,
    /// Seconds until the end.
    pub eta: Option<f64>,
    /// Items whose id came before.
    pub duplicates: f64,
    /// Items that may never have come.
    pub missing: f64,
}

/// How far a list was read when a page was handed over.
#[napi]
pub struct NativePosition(pub(super) Position);

#[napi]
impl NativePosition {
    /// Where to read on when `taken` items of the page were taken.
    #[napi(catch_unwind)]
    pub fn cursor(&self, taken: u32) -> String {
        self.0.cursor(taken.into())
    }

    /// How far the list was read when `taken` items of the page were taken.
    #[napi(catch_unwind)]
    pub fn progress(&self, taken: u32) -> NativeProgress {
        NativeProgress::from(self.0.progress(taken.into()))
    }
}

impl From<PageProgress> for NativeProgress {
    fn from(progress: PageProgress) -> Self {
        let PageProgress { done, total, rate, eta, duplicates, missing } = progress;
        Self {
            done: number(done),
            total: total.map(number),
            rate,
            eta,
            duplicates: number(duplicates),
            missing: number(missing),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

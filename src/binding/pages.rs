//! [`NativePages`]: a list, page by page, and [`NativePosition`]: how far it was read.

use std::sync::Arc;

use napi::Env;
use napi_derive::napi;
use tokio::sync::{Mutex, Notify};

use super::calls::{CallId, NativeCompletions, Text};
use super::convert::{number, pairs};
use super::observing::observer;
use crate::client::{PageProgress, Pages, Position, Step};
use crate::http::request_headers;

/// One pass through a list. Requests that are still in progress are cancelled when it is garbage-collected.
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
    /// Returns the position before the first page.
    #[napi(catch_unwind)]
    pub fn start(&self) -> NativePosition {
        NativePosition(self.start.clone())
    }

    /// Reads the next page. Resolves with the page, or with null if the pass was stopped.
    ///
    /// With `traceHeaders`, the page is observed, and the requests that are sent from now on have these headers too. In the
    /// list, names and values alternate.
    #[napi(catch_unwind)]
    pub fn next(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<Option<NativePage>>,
        trace_headers: Option<Vec<String>>,
    ) -> napi::Result<()> {
        let observer = trace_headers.map(|headers| (headers, observer(completions, &call_id)));
        let (pages, stopped) = (Arc::clone(&self.pages), Arc::clone(&self.stopped));
        completions.start(env, call_id, async move {
            let mut pages = pages.lock().await;
            let Some(open) = pages.as_mut() else { return Ok(None) };
            let next = async {
                match observer {
                    None => open.next().await,
                    Some((headers, observer)) => {
                        open.next_observed(request_headers(&pairs(Some(headers)))?, &observer).await
                    }
                }
            };
            tokio::select! {
                step = next => step.map(|step| Some(step.into())),
                () = stopped.notified() => Ok(None),
            }
        })
    }

    /// Returns whether `next` would resolve with the end of the list, without a request.
    #[napi(catch_unwind)]
    pub fn is_at_end(&self) -> bool {
        self.pages.try_lock().is_ok_and(|pages| pages.as_ref().is_none_or(Pages::is_at_end))
    }

    /// Cancels all requests of the pass, even while a page is awaited. Resolves when that is done.
    #[napi(catch_unwind)]
    pub fn stop(&self, env: Env, completions: &NativeCompletions, call_id: CallId<()>) -> napi::Result<()> {
        self.stopped.notify_one();
        let pages = Arc::clone(&self.pages);
        completions.start(env, call_id, async move {
            let open = pages.lock().await.take();
            if let Some(open) = open {
                open.stop().await;
            }
            Ok(())
        })
    }
}

/// A page of a list.
#[napi(object, object_from_js = false)]
pub struct NativePage {
    /// The items of the page, as the JSON text of a list; undefined at the end of the list.
    #[napi(ts_type = "string")]
    pub items: Option<Text>,
    /// How far the list was read when the page was handed over.
    pub position: NativePosition,
}

impl From<Step> for NativePage {
    fn from(Step { items, position }: Step) -> Self {
        Self { items: items.map(Text::new), position: NativePosition(position) }
    }
}

/// How far a list was read.
#[napi(object, object_from_js = false)]
pub struct NativeProgress {
    /// How many items were taken.
    pub done: f64,
    /// How many items the list has, if the API says so.
    pub total: Option<f64>,
    /// How many items were taken in a second, on average.
    pub rate: f64,
    /// How many seconds the rest of the list takes at this rate, if its length is known.
    pub eta: Option<f64>,
    /// How many items had an id that an earlier item had.
    pub duplicates: f64,
    /// How many items may have been missed.
    pub missing: f64,
}

/// How far a list was read when a page was handed over.
#[napi]
pub struct NativePosition(Position);

#[napi]
impl NativePosition {
    /// Returns the cursor for reading on after the first `taken` items of the page.
    #[napi(catch_unwind)]
    pub fn cursor(&self, taken: u32) -> String {
        self.0.cursor(taken.into())
    }

    /// Returns how far the list was read after the first `taken` items of the page.
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

//! Exchanges of tokens that work once: how the end of a process waits for them, and what is lost where it cannot.

use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions, callback};
use crate::once;
use crate::warning::{self, ProcessWarning, Warner};

/// Returns how many exchanges that work once are in progress in this process.
#[napi(catch_unwind)]
pub fn exchanges_in_flight() -> u32 {
    u32::try_from(once::exchanges_in_flight()).unwrap_or(u32::MAX)
}

/// Resolves when no exchange that works once is in progress and none is about to begin.
#[napi(catch_unwind)]
pub fn settled(env: Env, completions: &NativeCompletions, call_id: CallId<()>) -> napi::Result<()> {
    completions.start(env, call_id, async move {
        once::settled().await;
        Ok(())
    })
}

/// Resolves when no exchange that works once is in progress, or after `patience` milliseconds.
#[napi(catch_unwind)]
pub fn await_exchanges(
    env: Env,
    completions: &NativeCompletions,
    call_id: CallId<()>,
    patience: u32,
) -> napi::Result<()> {
    completions.start(env, call_id, async move {
        let patience = Duration::from_millis(patience.into());
        // After a panic in there nothing is known of the exchanges any more: the process may end.
        let _ = tokio::task::spawn_blocking(move || once::await_exchanges(patience)).await;
        Ok(())
    })
}

/// Prevents further exchanges that work once, and blocks this thread until those in progress have ended, or for
/// `patience` milliseconds. It is meant for the end of a process.
#[napi(catch_unwind)]
pub fn end_exchanges(patience: u32) {
    once::end_exchanges(Duration::from_millis(patience.into()));
}

/// Registers `wake`, which is called when `takeProcessWarnings` has something to return. Of all threads that have
/// registered one, a single thread is called: the main thread if it is among them.
#[napi(catch_unwind)]
pub fn on_process_warning(
    is_main_thread: bool,
    #[napi(ts_arg_type = "() => void")] wake: Function<'_, FnArgs<((),)>, ()>,
) -> napi::Result<()> {
    let wake = callback(wake)?;
    Warner::new(move || wake(())).register(is_main_thread);
    Ok(())
}

/// A warning for `process.emitWarning`.
#[napi(object, object_from_js = false)]
pub struct NativeProcessWarning {
    /// The stable code of such warnings.
    pub code: String,
    /// Node's name for such warnings, such as `DeprecationWarning`.
    #[napi(js_name = "type")]
    pub kind: String,
    /// What happened, and what to do about it.
    pub message: String,
}

impl From<ProcessWarning> for NativeProcessWarning {
    fn from(ProcessWarning { kind, message }: ProcessWarning) -> Self {
        Self { code: kind.code().to_owned(), kind: kind.name().to_owned(), message }
    }
}

/// Returns warnings that concern the whole process, so that one thread has to emit them. Each is returned once.
#[napi(catch_unwind)]
pub fn take_process_warnings() -> Vec<NativeProcessWarning> {
    warning::take_process_warnings().into_iter().map(Into::into).collect()
}

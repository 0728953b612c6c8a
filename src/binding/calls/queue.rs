//! [`NativeCompletions`]: hands the results of calls to JavaScript, and wakes Node once for all that finished since the
//! last time.
//!
//! A threadsafe function for each call would cost more than the call. Here one function serves all calls. It is called
//! when the runtime has done everything that it could do, or when a full batch of [`Results`] waits.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, abortable};
use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;

use super::call_id::CallId;
use super::js_buffer::Alive;
use super::outcome::{Outcome, to_js};
use super::results::{Finished, Results, Wake};
use super::runtime::{self, Deferred};
use crate::binding::convert::NativeError;
use crate::error::{Error, Result};

/// How many elements of a batch belong to each finished call: one for its number and status, and three values.
#[napi]
pub const STRIDE: u32 = 4;

/// The first element of a finished call is this constant times the call's number, plus the status.
#[napi]
pub const STATUSES: u32 = 1024;

/// In place of an HTTP status: the call yielded a value other than a response.
#[napi]
pub const VALUE: u32 = 0;

/// In place of an HTTP status: the call failed, and its value is a `NativeError`.
#[napi]
pub const FAILURE: u32 = 1;

/// In place of an HTTP status: the call goes on, and the value is a `NativeReport` of one of its steps.
#[napi]
pub const REPORT: u32 = 2;

type Dispatch = ThreadsafeFunction<(), (), FnArgs<(Batch,)>, Status, false, true>;

/// The calls of one Node environment (the main thread, or a worker).
#[derive(Default)]
struct Completions {
    results: Results<Result<Outcome>>,
    wake: OnceLock<Dispatch>,
    /// The calls in progress. Only Node's thread touches them.
    running: Mutex<HashMap<u32, AbortHandle>>,
    /// Whether the environment's memory is still there.
    alive: Alive,
}

type Numbered = (u32, Result<Outcome>);

/// The calls of this environment, from their start until JavaScript has their results.
#[napi]
pub struct NativeCompletions(Arc<Completions>);

#[napi]
impl NativeCompletions {
    /// Registers the function that takes the results. `dispatch` gets a batch of finished calls, as `STRIDE` elements for
    /// each call: `STATUSES` times its number plus its status, and then three values. For an HTTP status these are the
    /// other fields of a `NativeAnswer`; for `VALUE`, the result; for `FAILURE`, a `NativeError`; for `REPORT`, a
    /// `NativeReport` of a call that goes on.
    ///
    /// `dispatch` must not throw. It must call `next` in the next turn of the event loop, and in each turn after that,
    /// until `next` returns null: Node is not woken meanwhile, because a busy client would then be served before timers.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "(batch: unknown[]) => void")] dispatch: Function<'_, FnArgs<(Batch,)>, ()>,
    ) -> napi::Result<Self> {
        let completions =
            Arc::new(Completions { alive: Arc::new(Mutex::new(true)), ..Completions::default() });
        let weak = Arc::downgrade(&completions);
        let wake = dispatch
            .build_threadsafe_function::<()>()
            // An idle client must not keep the process alive. One with calls in progress does: see `hold_process`.
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |context| {
                let take = |completions: Arc<Completions>| completions.take(context.env.raw(), Results::take);
                let batch = weak.upgrade().map(take);
                Ok(FnArgs::from((Batch(batch.unwrap_or_default()),)))
            })?;
        // This cannot fail: the cell was just made.
        let _ = completions.wake.set(wake);
        env.add_env_cleanup_hook(Arc::clone(&completions), |completions| completions.abandon())?;
        Ok(Self(completions))
    }

    /// Returns what has finished since the last batch, in the same form, or null if nothing has.
    #[napi(catch_unwind, ts_return_type = "unknown[] | null")]
    pub fn next(&self, env: Env) -> Option<Batch> {
        let finished = self.0.take(env.raw(), Results::next);
        if finished.is_empty() { None } else { Some(Batch(finished)) }
    }

    /// Stops a call at any stage: waiting, connecting, sending or reading. The call is never dispatched.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, call_id: u32) {
        let mut running = lock(&self.0.running);
        if let Some(task) = running.remove(&call_id) {
            task.abort();
            self.0.hold_process(env.raw(), running.len(), running.len() + 1);
        }
    }
}

impl NativeCompletions {
    /// Whether the memory of this environment is still there.
    pub(crate) fn alive(&self) -> Alive {
        Arc::clone(&self.0.alive)
    }

    /// Reports the steps of a call to JavaScript. They arrive before its result, and none after it was cancelled.
    pub(crate) fn reporter<T, R: ToNapiValue + Send + 'static>(
        &self,
        call_id: &CallId<T>,
    ) -> impl Fn(R) + Send + Sync + 'static {
        let (completions, call_id) = (Arc::clone(&self.0), call_id.number());
        move |report| Arc::clone(&completions).finish(call_id, Ok(Outcome::Report(Box::new(report))))
    }

    /// Starts a call. Its result has the type that `call_id` promises to JavaScript.
    #[expect(clippy::needless_pass_by_value, reason = "a number serves one call")]
    pub(crate) fn start<T: Into<Outcome>>(
        &self,
        env: Env,
        call_id: CallId<T>,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> napi::Result<()> {
        let completions = Arc::clone(&self.0);
        let call_id = call_id.number();
        let (work, handle) = abortable(async move {
            // A call that panics must still settle its promise.
            let outcome = AssertUnwindSafe(call).catch_unwind().await;
            let panicked = Err(Error::Internal { problem: "a call panicked" });
            completions.finish(call_id, outcome.unwrap_or(panicked).map(Into::into));
        });
        runtime::spawn(work.map(|_| ()))?;
        let mut running = lock(&self.0.running);
        running.insert(call_id, handle);
        self.0.hold_process(env.raw(), running.len(), running.len() - 1);
        Ok(())
    }
}

impl Completions {
    fn finish(self: Arc<Self>, call_id: u32, outcome: Result<Outcome>) {
        // If no other call is in progress, no other result can share the wake-up. Waiting for one would only delay a page or
        // a part of a body until the core has prepared the next.
        let is_only_one = outcome.ends_call() && lock(&self.running).len() <= 1;
        match self.results.add(call_id, outcome) {
            Some(Wake::Soon) if !is_only_one => runtime::defer(self),
            Some(_) => self.wake(),
            None => {}
        }
    }

    fn wake(&self) {
        if self.results.is_asleep()
            && let Some(wake) = self.wake.get()
        {
            // Any status but success means that the environment is going down, and its calls with it.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes the results that are still wanted. Runs on Node's thread.
    fn take(
        &self,
        env: sys::napi_env,
        take: impl FnOnce(&Results<Result<Outcome>>, &mut HashMap<u32, AbortHandle>) -> Vec<Numbered>,
    ) -> Vec<Numbered> {
        let mut running = lock(&self.running);
        let before = running.len();
        let taken = take(&self.results, &mut running);
        self.hold_process(env, running.len(), before);
        taken
    }

    /// Keeps the process alive while calls are in progress, and no longer.
    fn hold_process(&self, env: sys::napi_env, running: usize, before: usize) {
        let Some(wake) = self.wake.get() else { return };
        if running > 0 && before == 0 {
            // SAFETY: called on Node's thread with its environment, and the threadsafe function is alive in `self`.
            #[expect(unsafe_code, reason = "napi's own `refer` needs the function to itself")]
            unsafe {
                sys::napi_ref_threadsafe_function(env, wake.raw());
            }
        } else if running == 0 && before > 0 {
            // SAFETY: as above.
            #[expect(unsafe_code, reason = "napi's own `unref` needs the function to itself")]
            unsafe {
                sys::napi_unref_threadsafe_function(env, wake.raw());
            }
        }
    }

    /// Stops the calls of an environment that is going down. Its memory must no longer be written to. Token exchanges go
    /// on.
    fn abandon(&self) {
        *lock(&self.alive) = false;
        for (_, task) in lock(&self.running).drain() {
            task.abort();
        }
    }
}

impl Deferred for Completions {
    /// Wakes Node for what has finished.
    fn run(&self) {
        self.wake();
    }
}

impl Finished for Result<Outcome> {
    fn ends_call(&self) -> bool {
        !matches!(self, Ok(Outcome::Report(_)))
    }

    fn size(&self) -> usize {
        match self {
            Ok(Outcome::Answer(answer)) => answer.body_length(),
            _ => 0,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finished calls, as one flat JavaScript array: an object for each call would cost more than everything else.
pub struct Batch(Vec<Numbered>);

impl ToNapiValue for Batch {
    #[expect(unsafe_code, reason = "the trait's signature; the array is made by napi's C functions")]
    unsafe fn to_napi_value(env: sys::napi_env, batch: Self) -> napi::Result<sys::napi_value> {
        let mut array = std::ptr::null_mut();
        let length = batch.0.len() * STRIDE as usize;
        // SAFETY: `env` is the environment that napi called us with, and `array` is a place for its answer.
        napi::check_status!(unsafe { sys::napi_create_array_with_length(env, length, &raw mut array) })?;
        let set = |index: u32, value: sys::napi_value| {
            // SAFETY: `array` was just made in this environment, `value` belongs to it.
            napi::check_status!(unsafe { sys::napi_set_element(env, array, index, value) })
        };
        let mut at = 0;
        for (call_id, outcome) in batch.0 {
            let (status, values) = match values(env, outcome) {
                Ok(values) => values,
                // One response that JavaScript cannot hold must not fail the other calls of the batch.
                Err(_) => values(env, Err(unfit(env)))?,
            };
            for (index, value) in (at + 1..).zip(values) {
                if let Some(value) = value {
                    set(index, value)?;
                }
            }
            set(at, to_js(env, f64::from(call_id) * f64::from(STATUSES) + f64::from(status))?)?;
            at += STRIDE;
        }
        Ok(array)
    }
}

/// The status of a finished call, and its values. Those that are none are `undefined` in JavaScript.
type Values = (u32, [Option<sys::napi_value>; 3]);

fn values(env: sys::napi_env, outcome: Result<Outcome>) -> napi::Result<Values> {
    Ok(match outcome {
        Ok(Outcome::Answer(answer)) => {
            let (status, values) = answer.into_values(env)?;
            (u32::from(status), values)
        }
        Ok(Outcome::Report(report)) => (REPORT, [Some(report.to_js(env)?), None, None]),
        Ok(Outcome::Value(value)) => (VALUE, [Some(value.to_js(env)?), None, None]),
        Err(error) => (FAILURE, [Some(to_js(env, NativeError::from(&error))?), None, None]),
    })
}

/// The error of a call whose response JavaScript cannot hold.
fn unfit(env: sys::napi_env) -> Error {
    let mut exception = std::ptr::null_mut();
    // SAFETY: `env` is the environment that napi called us with, `exception` a place for what it threw, if it did.
    #[expect(unsafe_code, reason = "napi has no wrapper that takes an exception away")]
    unsafe {
        sys::napi_get_and_clear_last_exception(env, &raw mut exception);
    }
    Error::InvalidResponse {
        problem: "it is longer than a JavaScript string or array can be; stream it by `asResponse()`".into(),
    }
}

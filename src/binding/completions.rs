//! [`NativeCompletions`]: brings everything that has finished to JavaScript, with one wake-up of Node for all that
//! finished since the last.
//!
//! A threadsafe function a call costs more than the call; here one serves all, and it is called when the runtime has
//! done what was there to do, or has [`BATCH`] completions waiting.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, abortable};
use http::{Method, StatusCode};
use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;
use tokio::sync::Notify;

use super::body::{NativeBody, Part};
use super::error::NativeError;
use super::events::{NativeKeepAliveProgress, NativeRekeyProgress};
use super::grants::NativeGrantPage;
use super::pages::NativePosition;
use super::partner::NativeCustomerPage;
use super::room::Alive;
use super::runtime;
use super::token::NativeToken;
use crate::client::{OpenBody, Opened, Step};
use crate::error::{Error, Result};
use crate::http::Response;

/// Wake Node when so many completions wait, even if the runtime has more to do.
const BATCH: usize = 32;
/// Completions that JavaScript gets at once, at most: timers and sockets have their turn between two batches.
const MOST: usize = 48;
/// Values in a batch for each completion: id and status in one number, and three that depend on the status.
const STRIDE: u32 = 4;
/// What the id is multiplied with in that number; the status is the rest.
const STATUSES: u32 = 1024;
/// In place of a status: the call yielded a value that is no response.
const VALUE: u16 = 0;
/// In place of a status: the call failed.
const FAILURE: u16 = 1;

type Wake = ThreadsafeFunction<(), (), FnArgs<(Batch,)>, Status, false, true>;

thread_local! {
    /// The environments with completions that Node was not yet woken for. Only the runtime's thread has any.
    static WAITING: RefCell<Vec<Arc<Completions>>> = const { RefCell::new(Vec::new()) };
}

/// Tells [`hand_over`] that there is something to hand over.
static FINISHED: Notify = Notify::const_new();

/// What a call came to, as far as it can be made ready before Node's thread has it.
pub(super) enum Outcome {
    /// An answer of the API: status, header lines, body, and where it came from if redirects led elsewhere.
    Answer { status: u16, headers: Text, body: Body, url: Option<String> },
    /// A page of a list: its items as text, none at the end, and how far the list was read.
    Page(Option<Text>, NativePosition),
    /// A token.
    Token(NativeToken),
    /// The id of a grant.
    Id(String),
    /// A part of a body, in JavaScript's memory; nothing at its end.
    Filled(Part),
    /// A grant that was exported, sealed.
    Sealed(String),
    /// What a pass of keep-alive came to.
    KeptAlive(NativeKeepAliveProgress),
    /// What rekeying came to.
    Rekeyed(NativeRekeyProgress),
    /// Some grants.
    Grants(NativeGrantPage),
    /// Some customers of a partner.
    Customers(NativeCustomerPage),
    /// Sentences.
    Texts(Vec<String>),
    /// Yes or no.
    Flag(bool),
    /// Nothing but success.
    Nothing,
}

/// The body of an answer.
pub(super) enum Body {
    /// None.
    Empty,
    /// Text, as its content type says.
    Text(Text),
    /// Anything else.
    Bytes(Bytes),
    /// Still to be read.
    Open(Box<OpenBody>),
}

/// Text, and whether it is ASCII: V8 then neither decodes nor widens it.
pub(super) struct Text {
    text: Bytes,
    ascii: bool,
}

impl Text {
    /// `text` must be UTF-8.
    fn new(text: Bytes) -> Self {
        Self { ascii: text.is_ascii(), text }
    }
}

impl From<Response<OpenBody>> for Outcome {
    fn from(answer: Response<OpenBody>) -> Self {
        let Response { status, headers, body, url, authorized, connection } = answer;
        let body = match body.opened() {
            Opened::Whole(whole) if whole.is_empty() => Body::Empty,
            Opened::Whole(whole) => Body::Bytes(whole),
            Opened::Open(body) => Body::Open(body),
        };
        Self::answer(&Response { status, headers, body: (), url, authorized, connection }, body)
    }
}

impl From<Step> for Outcome {
    fn from(step: Step) -> Self {
        Self::Page(step.items.map(Text::new), NativePosition(step.position))
    }
}

impl Outcome {
    /// An answer that was read to its end. What its body becomes depends on its content type: an empty file is an empty
    /// text or array, and only what cannot have a body, or says nothing of one, is nothing.
    pub(super) async fn whole(method: &Method, answer: Response<Bytes>) -> Result<Self> {
        let bodiless = *method == Method::HEAD
            || [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT].contains(&answer.status);
        let body = if bodiless || (answer.body.is_empty() && (answer.is_json() || !answer.has_type())) {
            Body::Empty
        } else if let Some(text) = answer.read_text().await? {
            Body::Text(Text::new(text))
        } else {
            Body::Bytes(answer.body.clone())
        };
        Ok(Self::answer(&answer, body))
    }

    fn answer<B>(answer: &Response<B>, body: Body) -> Self {
        Self::Answer {
            status: answer.status.as_u16(),
            headers: Text::new(answer.header_lines().into()),
            body,
            url: answer.url.as_ref().map(ToString::to_string),
        }
    }
}

/// The calls of one Node environment (the main thread, or a worker).
#[derive(Default)]
pub(super) struct Completions {
    finished: Mutex<Vec<Finished>>,
    /// Node has been woken, and comes again until it finds nothing.
    woken: AtomicBool,
    wake: OnceLock<Wake>,
    /// The calls in flight. Only Node's thread touches it.
    running: Mutex<HashMap<u32, AbortHandle>>,
    /// Whether the environment's memory is still there.
    alive: Alive,
}

type Finished = (u32, Result<Outcome>);

/// The calls of this environment, from their start until JavaScript has them back.
#[napi]
pub struct NativeCompletions(Arc<Completions>);

#[napi]
impl NativeCompletions {
    /// `dispatch` gets what has finished, four values for each: 1024 times its id plus its status; then, for an HTTP
    /// status, the header lines, the body (`undefined` if empty) and the URL if redirects led elsewhere; for 0, one or
    /// two values; for 1, a `NativeError`. It must not throw, and has to see to it that `next` is called in the next turn
    /// of the event loop, and in each after it, until there is nothing: Node is not woken meanwhile. (Woken again and
    /// again, it would serve a busy client before its timers.)
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
            // An idle client must not keep the process alive; one with calls in flight does, see `hold_process`.
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(move |context| {
                let batch = weak.upgrade().map(|completions| completions.take(context.env.raw()));
                Ok(FnArgs::from((Batch(batch.unwrap_or_default()),)))
            })?;
        // It was empty: nobody else has it yet.
        let _ = completions.wake.set(wake);
        env.add_env_cleanup_hook(Arc::clone(&completions), |completions| completions.abandon())?;
        Ok(Self(completions))
    }

    /// What has finished since, as `dispatch` gets it, or nothing.
    #[napi(catch_unwind, ts_return_type = "unknown[] | null")]
    pub fn next(&self, env: Env) -> Option<Batch> {
        let finished = self.0.take(env.raw());
        if lock(&self.0.running).is_empty() {
            // Nothing is left to come for: the next call's end wakes Node, whether or not it comes once more.
            self.0.woken.store(false, Ordering::Release);
        }
        if finished.is_empty() { None } else { Some(Batch(finished)) }
    }

    /// Stops a call wherever it is: waiting, connecting, sending, reading. It is never dispatched.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, id: u32) {
        let mut running = lock(&self.0.running);
        if let Some(task) = running.remove(&id) {
            task.abort();
            self.0.hold_process(env.raw(), running.len(), running.len() + 1);
        }
    }
}

impl NativeCompletions {
    /// Whether the memory of this environment is still there.
    pub(super) fn alive(&self) -> Alive {
        Arc::clone(&self.0.alive)
    }

    /// Starts a call.
    pub(super) fn start(
        &self,
        env: Env,
        id: u32,
        call: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) -> napi::Result<()> {
        let completions = Arc::clone(&self.0);
        let (work, handle) = abortable(async move {
            // Its promise must not wait for ever.
            let outcome = AssertUnwindSafe(call).catch_unwind().await;
            let panicked = Err(Error::Internal { problem: "a call panicked" });
            completions.finish(id, outcome.unwrap_or(panicked));
        });
        runtime::spawn(work.map(|_| ()))?;
        let mut running = lock(&self.0.running);
        running.insert(id, handle);
        self.0.hold_process(env.raw(), running.len(), running.len() - 1);
        Ok(())
    }
}

impl Completions {
    fn finish(self: Arc<Self>, id: u32, outcome: Result<Outcome>) {
        let waiting = {
            let mut finished = lock(&self.finished);
            finished.push((id, outcome));
            finished.len()
        };
        if waiting == 1 {
            WAITING.with_borrow_mut(|all| all.push(self));
            FINISHED.notify_one();
        } else if waiting == BATCH {
            self.wake();
        }
    }

    fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Some(wake) = self.wake.get()
        {
            // Any other status means that the environment is going down, and its calls with it.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes what has finished and is still wanted. If that is nothing, Node must be woken for what comes. On Node's
    /// thread.
    fn take(&self, env: sys::napi_env) -> Vec<Finished> {
        let mut running = lock(&self.running);
        let before = running.len();
        let mut taken = Vec::new();
        while taken.is_empty() {
            let mut finished = lock(&self.finished);
            if finished.is_empty() {
                // Under the lock: what finishes now finds it so.
                self.woken.store(false, Ordering::Release);
                break;
            }
            let most = finished.len().min(MOST);
            let rest = finished.split_off(most);
            taken = std::mem::replace(&mut *finished, rest);
            drop(finished);
            taken.retain(|(id, _)| running.remove(id).is_some());
        }
        self.hold_process(env, running.len(), before);
        taken
    }

    /// Keeps the process alive while calls are in flight, and not longer.
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

    /// The environment is going down: nobody is there to hear of its calls, and nobody may write to its memory. Token
    /// exchanges go on.
    fn abandon(&self) {
        *lock(&self.alive) = false;
        for (_, task) in lock(&self.running).drain() {
            task.abort();
        }
    }
}

/// Wakes Node for what has finished, as long as the runtime is there.
///
/// In between it steps back once: it goes on when all that could run has run and the sockets were looked at again, so
/// that what finishes together is handed over together. While some work never ends, the runtime lets it go on all the
/// same, after a bounded number of steps: a busy answer holds up no finished one.
pub(super) async fn hand_over() {
    loop {
        FINISHED.notified().await;
        tokio::task::yield_now().await;
        let waiting = WAITING.with_borrow_mut(std::mem::take);
        for completions in waiting {
            completions.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has finished, as one flat JavaScript array: an object for each would cost more than the rest.
pub struct Batch(Vec<Finished>);

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
        for (id, outcome) in batch.0 {
            let (status, values) = match values(env, outcome) {
                Ok(values) => values,
                // One answer that JavaScript cannot hold must not take the others of the batch with it.
                Err(_) => values(env, Err(unfit(env)))?,
            };
            for (index, value) in (at + 1..).zip(values) {
                if let Some(value) = value {
                    set(index, value)?;
                }
            }
            set(at, value(env, f64::from(id) * f64::from(STATUSES) + f64::from(status))?)?;
            at += STRIDE;
        }
        Ok(array)
    }
}

/// The status of a completion, and its values; what is none is `undefined`.
type Values = (u16, [Option<sys::napi_value>; 3]);

fn values(env: sys::napi_env, outcome: Result<Outcome>) -> napi::Result<Values> {
    let first = |value| [value, None, None];
    Ok(match outcome {
        Ok(Outcome::Answer { status, headers, body, url }) => {
            let body = match body {
                Body::Empty => None,
                Body::Text(body) => Some(text(env, &body)?),
                Body::Bytes(body) => Some(bytes(env, &body)?),
                Body::Open(body) => Some(value(env, NativeBody::new(*body))?),
            };
            let url = url.map(|url| value(env, url)).transpose()?;
            (status, [Some(text(env, &headers)?), body, url])
        }
        Ok(Outcome::Page(items, position)) => {
            let items = items.map(|items| text(env, &items)).transpose()?;
            (VALUE, [Some(value(env, position)?), items, None])
        }
        Ok(Outcome::Token(token)) => (VALUE, first(Some(value(env, token)?))),
        Ok(Outcome::Id(text) | Outcome::Sealed(text)) => (VALUE, first(Some(value(env, text)?))),
        Ok(Outcome::Filled(part)) => (VALUE, first(part.into_value(env)?)),
        Ok(Outcome::KeptAlive(progress)) => (VALUE, first(Some(value(env, progress)?))),
        Ok(Outcome::Rekeyed(progress)) => (VALUE, first(Some(value(env, progress)?))),
        Ok(Outcome::Grants(page)) => (VALUE, first(Some(value(env, page)?))),
        Ok(Outcome::Customers(page)) => (VALUE, first(Some(value(env, page)?))),
        Ok(Outcome::Texts(texts)) => (VALUE, first(Some(value(env, texts)?))),
        Ok(Outcome::Flag(flag)) => (VALUE, first(Some(value(env, flag)?))),
        Ok(Outcome::Nothing) => (VALUE, first(None)),
        Err(error) => (FAILURE, first(Some(value(env, NativeError::from(&error))?))),
    })
}

/// In place of an answer that JavaScript could not take.
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

/// Bytes as a `Uint8Array` of JavaScript's own memory. Referring to them where they are would save a copy, but they
/// then stay until a finalizer runs, which a fast download does not wait for.
pub(super) fn bytes(env: sys::napi_env, bytes: &[u8]) -> napi::Result<sys::napi_value> {
    let (mut data, mut buffer, mut array) =
        (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    let length = bytes.len();
    // SAFETY: `env` is the environment that napi called us with, the pointers are places for its answers.
    #[expect(unsafe_code, reason = "napi's wrappers refer to every buffer")]
    let status = unsafe { sys::napi_create_arraybuffer(env, length, &raw mut data, &raw mut buffer) };
    napi::check_status!(status)?;
    // SAFETY: `data` is the new buffer's memory, `length` bytes that nobody else has yet, or nothing if that is none;
    // `buffer` is of this environment and `length` bytes long.
    #[expect(unsafe_code, reason = "as above")]
    let status = unsafe {
        if length > 0 {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast::<u8>(), length);
        }
        sys::napi_create_typedarray(env, sys::TypedarrayType::uint8_array, length, buffer, 0, &raw mut array)
    };
    napi::check_status!(status)?;
    Ok(array)
}

fn text(env: sys::napi_env, text: &Text) -> napi::Result<sys::napi_value> {
    let (bytes, mut string) = (text.text.as_ref(), std::ptr::null_mut());
    let length = isize::try_from(bytes.len()).map_err(|_| napi::Error::from_reason("a text is too long"))?;
    let create = if text.ascii { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
    // SAFETY: `bytes` is `length` bytes of UTF-8, or of ASCII, which is Latin-1; `string` is a place for the answer.
    #[expect(unsafe_code, reason = "napi's wrappers want owned, zero-terminated copies")]
    let status = unsafe { create(env, bytes.as_ptr().cast(), length, &raw mut string) };
    napi::check_status!(status)?;
    Ok(string)
}

fn value(env: sys::napi_env, value: impl ToNapiValue) -> napi::Result<sys::napi_value> {
    // SAFETY: `env` is the environment that napi called us with.
    #[expect(unsafe_code, reason = "the conversion's signature")]
    unsafe {
        ToNapiValue::to_napi_value(env, value)
    }
}

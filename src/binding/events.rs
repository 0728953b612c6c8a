//! What JavaScript hears of by itself: events of grants, and how far keep-alive is.

use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;

use super::completions::{NativeCompletions, Outcome};
use super::error::{NativeError, NativeReauthorizationReason};
use super::store::number;
use crate::lifecycle::{KeepAliveProgress, RekeyProgress};
use crate::once::{self, Event, Listener, Warner};

/// What happened to a grant, or to another record.
#[napi(object, object_from_js = false)]
pub struct NativeEvent {
    /// `renewed`, `renewalFailed`, `refused`, `reauthorizationRequired`, `expiring`, `keepAliveFailed`, `rekeyFailed` or
    /// `storeWarning`.
    pub name: String,
    /// The grant's id, or that of another record, if it is about one.
    pub id: Option<String>,
    /// What a store warns of.
    pub message: Option<String>,
    /// Why a renewal, or a pass of keep-alive, or the rekeying of a record, failed.
    pub error: Option<NativeError>,
    /// Why a grant has ended.
    pub reason: Option<NativeReauthorizationReason>,
    /// When its refresh token dies, in milliseconds since the Unix epoch.
    pub expires_at: Option<f64>,
    /// Since when its refresh token is refused, in milliseconds since the Unix epoch.
    pub since: Option<f64>,
    /// In less than so many days.
    pub days: Option<u8>,
}

impl From<Event> for NativeEvent {
    fn from(event: Event) -> Self {
        let about = |name: &str, id| Self {
            name: name.to_owned(),
            id,
            message: None,
            error: None,
            reason: None,
            expires_at: None,
            since: None,
            days: None,
        };
        let of = |name: &str, grant_id| about(name, Some(grant_id));
        match event {
            Event::Renewed { grant_id } => of("renewed", grant_id),
            Event::RenewalFailed { grant_id, error } => {
                Self { error: Some(NativeError::from(&error)), ..of("renewalFailed", grant_id) }
            }
            Event::ReauthorizationRequired { grant_id, reason } => {
                Self { reason: Some(reason.into()), ..of("reauthorizationRequired", grant_id) }
            }
            Event::Refused { grant_id, since, error } => Self {
                error: Some(NativeError::from(&error)),
                since: Some(number(since)),
                ..of("refused", grant_id)
            },
            Event::Expiring { grant_id, expires_at, days } => {
                Self { expires_at: Some(number(expires_at)), days: Some(days), ..of("expiring", grant_id) }
            }
            Event::KeepAliveFailed { error } => {
                Self { error: Some(NativeError::from(&error)), ..about("keepAliveFailed", None) }
            }
            Event::StoreWarning { message } => Self { message: Some(message), ..about("storeWarning", None) },
            Event::RekeyFailed { id, error } => {
                Self { error: Some(NativeError::from(&error)), ..about("rekeyFailed", Some(id)) }
            }
        }
    }
}

/// How far a pass of keep-alive is.
#[napi(object, object_from_js = false)]
pub struct NativeKeepAliveProgress {
    /// Grants that it renewed.
    pub renewed: f64,
    /// Grants that somebody else renewed.
    pub skipped: f64,
    /// Grants that could not be renewed.
    pub failed: f64,
    /// Grants that are known to be due still.
    pub remaining: f64,
}

impl From<KeepAliveProgress> for NativeKeepAliveProgress {
    fn from(progress: KeepAliveProgress) -> Self {
        let KeepAliveProgress { renewed, skipped, failed, remaining } = progress;
        Self {
            renewed: number(renewed),
            skipped: number(skipped),
            failed: number(failed),
            remaining: number(remaining),
        }
    }
}

/// How far rekeying is.
#[napi(object, object_from_js = false)]
pub struct NativeRekeyProgress {
    /// Records that it sealed anew.
    pub resealed: f64,
    /// Records that were sealed with the first key already.
    pub skipped: f64,
    /// Records that could not be sealed anew.
    pub failed: f64,
}

impl From<RekeyProgress> for NativeRekeyProgress {
    fn from(progress: RekeyProgress) -> Self {
        let RekeyProgress { resealed, skipped, failed } = progress;
        Self { resealed: number(resealed), skipped: number(skipped), failed: number(failed) }
    }
}

/// A listener of the core that calls `listen`, as long as its environment lives.
pub(super) fn listener(listen: Function<'_, FnArgs<(NativeEvent,)>, ()>) -> napi::Result<Listener> {
    let tell = teller(listen)?;
    Ok(Listener::new(move |event| tell(event.into())))
}

/// Calls `listen` on Node's thread, soon, and keeps no process alive for it. False: its environment has ended.
pub(super) fn teller<T: ToNapiValue + Send + 'static>(
    listen: Function<'_, FnArgs<(T,)>, ()>,
) -> napi::Result<impl Fn(T) -> bool + Send + Sync + 'static> {
    let listen: ThreadsafeFunction<T, (), FnArgs<(T,)>, Status, false, true> = listen
        .build_threadsafe_function::<T>()
        .weak::<true>()
        .callee_handled::<false>()
        .build_callback(|context| Ok(FnArgs::from((context.value,))))?;
    Ok(move |value| listen.call(value, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok)
}

/// How many exchanges of tokens that work once are in flight in this process.
#[napi(catch_unwind)]
pub fn exchanges_in_flight() -> u32 {
    u32::try_from(once::exchanges_in_flight()).unwrap_or(u32::MAX)
}

/// Lets no more of them begin, and blocks this thread until there are none, for so many milliseconds at most: for the
/// end of a process.
#[napi(catch_unwind)]
pub fn end_exchanges(patience: u32) {
    once::end_exchanges(Duration::from_millis(patience.into()));
}

/// `call` comes when there are none, and none is about to begin.
#[napi(catch_unwind)]
pub fn settled(env: Env, completions: &NativeCompletions, call: u32) -> napi::Result<()> {
    completions.start(env, call, async move {
        once::settled().await;
        Ok(Outcome::Nothing)
    })
}

/// `wake` is called when there is something in `takeProcessWarnings`: in one thread only, the main thread where that has
/// called this.
#[napi(catch_unwind)]
pub fn on_process_warning(
    is_main_thread: bool,
    #[napi(ts_arg_type = "() => void")] wake: Function<'_, FnArgs<((),)>, ()>,
) -> napi::Result<()> {
    let wake = teller(wake)?;
    Warner::new(move || wake(())).register(is_main_thread);
    Ok(())
}

/// What the whole process has to hear, because the thread that it concerns has ended; each sentence once.
#[napi(catch_unwind)]
pub fn take_process_warnings() -> Vec<String> {
    once::take_process_warnings()
}

/// `call` comes when there are none, after so many milliseconds at most.
#[napi(catch_unwind)]
pub fn await_exchanges(
    env: Env,
    completions: &NativeCompletions,
    call: u32,
    patience: u32,
) -> napi::Result<()> {
    completions.start(env, call, async move {
        let patience = Duration::from_millis(patience.into());
        // A panic in there means that nobody can tell any more: the process may end.
        let _ = tokio::task::spawn_blocking(move || once::await_exchanges(patience)).await;
        Ok(Outcome::Nothing)
    })
}

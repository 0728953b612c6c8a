//! Events that the core reports to JavaScript, and the progress of long operations.

use napi::bindgen_prelude::{FnArgs, Function};
use napi_derive::napi;

use super::calls::callback;
use super::convert::{NativeError, NativeReauthorizationReason, number};
use crate::lifecycle::{KeepAliveProgress, RekeyProgress};
use crate::once::{Event, Listener};

/// The name of an event.
#[napi(string_enum = "camelCase")]
pub enum NativeEventName {
    /// The tokens of a grant were renewed.
    Renewed,
    /// The tokens of a grant could not be renewed, or not be stored yet.
    RenewalFailed,
    /// The authorization server refuses the refresh token of a grant for now.
    Refused,
    /// A grant has ended.
    ReauthorizationRequired,
    /// The refresh token of a grant expires soon.
    Expiring,
    /// A background pass of keep-alive failed.
    KeepAliveFailed,
    /// A record could not be encrypted with the first key.
    RekeyFailed,
    /// The settings of a store can lose records.
    StoreWarning,
}

/// An event about a grant, another record, or a store.
#[napi(object, object_from_js = false)]
pub struct NativeEvent {
    /// The name of the event.
    pub name: NativeEventName,
    /// The id of the grant or other record that the event is about, if it is about one.
    pub id: Option<String>,
    /// The message of a `storeWarning`.
    pub message: Option<String>,
    /// The error of a renewal, of a keep-alive pass, or of rekeying a record.
    pub error: Option<NativeError>,
    /// The reason why the grant has ended, for `reauthorizationRequired`.
    pub reason: Option<NativeReauthorizationReason>,
    /// When the refresh token expires, for `expiring`, in milliseconds since the Unix epoch.
    pub expires_at: Option<f64>,
    /// When the refresh token was refused first, for `refused`, in milliseconds since the Unix epoch.
    pub since: Option<f64>,
    /// For `expiring`: the refresh token expires in less than this number of days.
    pub days: Option<u8>,
}

impl From<Event> for NativeEvent {
    fn from(event: Event) -> Self {
        let about = |name, id| Self {
            name,
            id,
            message: None,
            error: None,
            reason: None,
            expires_at: None,
            since: None,
            days: None,
        };
        let of = |name, grant_id| about(name, Some(grant_id));
        match event {
            Event::Renewed { grant_id } => of(NativeEventName::Renewed, grant_id),
            Event::RenewalFailed { grant_id, error } => Self {
                error: Some(NativeError::from(&error)),
                ..of(NativeEventName::RenewalFailed, grant_id)
            },
            Event::ReauthorizationRequired { grant_id, reason } => {
                Self { reason: Some(reason.into()), ..of(NativeEventName::ReauthorizationRequired, grant_id) }
            }
            Event::Refused { grant_id, since, error } => Self {
                error: Some(NativeError::from(&error)),
                since: Some(number(since)),
                ..of(NativeEventName::Refused, grant_id)
            },
            Event::Expiring { grant_id, expires_at, days } => Self {
                expires_at: Some(number(expires_at)),
                days: Some(days),
                ..of(NativeEventName::Expiring, grant_id)
            },
            Event::KeepAliveFailed { error } => Self {
                error: Some(NativeError::from(&error)),
                ..about(NativeEventName::KeepAliveFailed, None)
            },
            Event::StoreWarning { message } => {
                Self { message: Some(message), ..about(NativeEventName::StoreWarning, None) }
            }
            Event::RekeyFailed { id, error } => Self {
                error: Some(NativeError::from(&error)),
                ..about(NativeEventName::RekeyFailed, Some(id))
            },
        }
    }
}

/// The progress of a keep-alive pass.
#[napi(object, object_from_js = false)]
pub struct NativeKeepAliveProgress {
    /// How many grants the pass has renewed.
    pub renewed: f64,
    /// How many grants another process or thread has renewed.
    pub skipped: f64,
    /// How many grants could not be renewed.
    pub failed: f64,
    /// How many grants are known to be due still.
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

/// The progress of rekeying.
#[napi(object, object_from_js = false)]
pub struct NativeRekeyProgress {
    /// How many records were sealed with the first key.
    pub resealed: f64,
    /// How many records were sealed with the first key before.
    pub skipped: f64,
    /// How many records could not be sealed with the first key.
    pub failed: f64,
}

impl From<RekeyProgress> for NativeRekeyProgress {
    fn from(progress: RekeyProgress) -> Self {
        let RekeyProgress { resealed, skipped, failed } = progress;
        Self { resealed: number(resealed), skipped: number(skipped), failed: number(failed) }
    }
}

/// A listener of the core that calls `listen` for as long as its environment lives.
pub(super) fn listener(listen: Function<'_, FnArgs<(NativeEvent,)>, ()>) -> napi::Result<Listener> {
    let report = callback(listen)?;
    Ok(Listener::new(move |event| report(event.into())))
}

//! What the core reports to those who observe it, as plain records: the steps of a call, and what happens to tokens,
//! grants and stores.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function};
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions, callback};
use super::convert::{NativeError, NativeErrorCode, number};
use crate::observe::{
    AttemptReport, Next, Observation, Observer, RenewalOutcome, Report, TokenOwner, TokenOwnerKind, Watcher,
};

/// A step of a call: a wait for its turn, or an attempt.
#[napi(object, object_from_js = false)]
pub struct NativeReport {
    /// How long the call waited for its turn, in milliseconds. Undefined if this is an attempt.
    pub waited_ms: Option<f64>,
    /// The attempt that has ended. Undefined if this is a wait.
    pub attempt: Option<NativeAttempt>,
}

impl From<Report> for NativeReport {
    fn from(report: Report) -> Self {
        match report {
            Report::Turn { waited } => Self { waited_ms: Some(millis(waited)), attempt: None },
            Report::Attempt(attempt) => Self { waited_ms: None, attempt: Some(attempt.into()) },
        }
    }
}

/// An observer that reports the steps of a call to JavaScript.
pub(super) fn observer<T>(completions: &NativeCompletions, call_id: &CallId<T>) -> Observer {
    let report = completions.reporter(call_id);
    Observer::new(move |step| report(NativeReport::from(step)))
}

/// What follows an attempt.
#[napi(string_enum = "lowercase")]
pub enum NativeNext {
    /// Nothing.
    End,
    /// Another attempt with a new access token.
    Reauthorize,
    /// Another attempt after a pause.
    Retry,
}

/// One attempt of a call.
#[napi(object, object_from_js = false)]
pub struct NativeAttempt {
    /// The number of the attempt, counted from 1.
    pub number: u32,
    /// How long it waited for its turn, in milliseconds.
    pub queue_ms: f64,
    /// How long it then waited for a connection and a token, in milliseconds.
    pub preparation_ms: f64,
    /// How long the request took, in milliseconds.
    pub duration_ms: f64,
    /// The HTTP status, if an answer arrived.
    pub status: Option<u16>,
    /// The code of the error, if there is no answer.
    pub error_code: Option<NativeErrorCode>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// The header lines of the answer, without secrets.
    pub headers: String,
    /// The address that the answer came from.
    pub remote_address: Option<String>,
    /// The port of that address.
    pub remote_port: Option<u16>,
    /// Whether the answer came by HTTP/2.
    pub is_http2: bool,
    /// How long the endpoint is paused after a 429, in milliseconds.
    pub paused_ms: Option<f64>,
    /// What follows.
    pub next: NativeNext,
    /// How long the client waits before a retry, in milliseconds.
    pub retry_delay_ms: Option<f64>,
}

impl From<AttemptReport> for NativeAttempt {
    fn from(attempt: AttemptReport) -> Self {
        let (next, delay) = match attempt.next {
            Next::End => (NativeNext::End, None),
            Next::Reauthorize => (NativeNext::Reauthorize, None),
            Next::Retry(delay) => (NativeNext::Retry, Some(delay)),
        };
        Self {
            number: attempt.number,
            queue_ms: millis(attempt.queued),
            preparation_ms: millis(attempt.prepared),
            duration_ms: millis(attempt.took),
            status: attempt.status,
            error_code: attempt.error.map(Into::into),
            request_id: attempt.request_id,
            headers: attempt.headers,
            remote_address: attempt.peer.map(|peer| peer.ip().to_string()),
            remote_port: attempt.peer.map(|peer| peer.port()),
            is_http2: attempt.is_http2,
            paused_ms: attempt.paused.map(millis),
            next,
            retry_delay_ms: delay.map(millis),
        }
    }
}

/// A kind of credential that has access tokens.
#[napi(string_enum = "camelCase")]
pub enum NativeTokenOwnerKind {
    /// A client id and secret.
    ClientCredentials,
    /// A grant.
    Grant,
    /// A customer of a partner.
    Customer,
}

/// How the renewal of a grant ended.
#[napi(string_enum = "camelCase")]
pub enum NativeRenewalOutcome {
    /// The new tokens are stored.
    Renewed,
    /// It failed for now.
    Failed,
    /// The authorization server refuses the refresh token for now.
    Refused,
    /// The customer has to authorize again.
    ReauthorizationRequired,
    /// The refresh token expires soon.
    Expiring,
}

/// Something that happened in this process, and does not belong to one call: to a token, a renewal or a store.
#[napi(object, object_from_js = false)]
pub struct NativeObservation {
    /// A credential has obtained an access token, or failed to.
    pub token: Option<NativeTokenObservation>,
    /// The tokens of a grant were renewed, or could not be.
    pub renewal: Option<NativeRenewal>,
    /// A store has failed.
    pub store: Option<NativeStoreFailure>,
}

/// A token that was obtained, or could not be.
#[napi(object, object_from_js = false)]
pub struct NativeTokenObservation {
    /// The kind of credential.
    pub kind: NativeTokenOwnerKind,
    /// The client id, the grant's id or the customer's company id.
    pub id: String,
    /// The number of the credential in this process.
    pub credential: f64,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// How long the token can be used, in milliseconds.
    pub expires_in_ms: Option<f64>,
    /// Why there is no token.
    pub error: Option<NativeError>,
}

/// The renewal of a grant.
#[napi(object, object_from_js = false)]
pub struct NativeRenewal {
    /// The grant's id.
    pub grant_id: String,
    /// How it ended.
    pub outcome: NativeRenewalOutcome,
    /// For `expiring`: the refresh token expires in less than this number of days.
    pub days_left: Option<u8>,
    /// Why it failed.
    pub error: Option<NativeError>,
}

/// The failure of a store.
#[napi(object, object_from_js = false)]
pub struct NativeStoreFailure {
    /// The method of the store.
    pub operation: String,
    /// The number of the credential whose tokens the store shares.
    pub credential: Option<f64>,
    /// How it failed.
    pub error: NativeError,
}

impl From<Observation> for NativeObservation {
    fn from(observation: Observation) -> Self {
        let mut record = Self { token: None, renewal: None, store: None };
        match observation {
            Observation::Token { owner: TokenOwner { kind, id, credential }, took, outcome } => {
                let (expires_in, error) = match outcome {
                    Ok(expires_in) => (Some(expires_in), None),
                    Err(error) => (None, Some(error)),
                };
                record.token = Some(NativeTokenObservation {
                    kind: match kind {
                        TokenOwnerKind::Client => NativeTokenOwnerKind::ClientCredentials,
                        TokenOwnerKind::Grant => NativeTokenOwnerKind::Grant,
                        TokenOwnerKind::Customer => NativeTokenOwnerKind::Customer,
                    },
                    id,
                    credential: number(credential),
                    duration_ms: millis(took),
                    expires_in_ms: expires_in.map(millis),
                    error: error.as_ref().map(Into::into),
                });
            }
            Observation::Renewal { grant_id, outcome, error } => {
                let (outcome, days_left) = match outcome {
                    RenewalOutcome::Renewed => (NativeRenewalOutcome::Renewed, None),
                    RenewalOutcome::Failed => (NativeRenewalOutcome::Failed, None),
                    RenewalOutcome::Refused => (NativeRenewalOutcome::Refused, None),
                    RenewalOutcome::ReauthorizationRequired => {
                        (NativeRenewalOutcome::ReauthorizationRequired, None)
                    }
                    RenewalOutcome::Expiring(days) => (NativeRenewalOutcome::Expiring, Some(days)),
                };
                let error = error.as_ref().map(Into::into);
                record.renewal = Some(NativeRenewal { grant_id, outcome, days_left, error });
            }
            Observation::Store { operation, credential, error } => {
                record.store = Some(NativeStoreFailure {
                    operation: operation.to_owned(),
                    credential: credential.map(number),
                    error: NativeError::from(&error),
                });
            }
        }
        record
    }
}

/// Watches what happens to tokens, grants and stores in this process, in whichever of its threads.
#[napi]
pub struct NativeWatcher(Option<Arc<Watcher>>);

#[napi]
impl NativeWatcher {
    /// Calls `watch` for each observation until `stop` is called. It keeps no process alive.
    #[napi(constructor, catch_unwind)]
    pub fn new(watch: Function<'_, FnArgs<(NativeObservation,)>, ()>) -> napi::Result<Self> {
        let report = callback(watch)?;
        Ok(Self(Some(Watcher::start(move |observation| {
            // Nobody is there to be told once the environment has ended.
            let _ = report(observation.into());
        }))))
    }

    /// Stops watching.
    #[napi(catch_unwind)]
    pub fn stop(&mut self) {
        self.0 = None;
    }
}

/// Milliseconds to a tenth: JavaScript gets numbers that people can read.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

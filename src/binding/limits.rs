//! How a client keeps to the limits, as JavaScript says and sees it.

use std::sync::Arc;

use napi::bindgen_prelude::{Either, FnArgs, Function};
use napi_derive::napi;

use super::connection::given;
use super::credential::either;
use super::error::NativeError;
use super::events::teller;
use super::store::number;
use crate::limit::{
    ConcurrencyScope, EndpointLimit, EndpointLimits, LimitOptions, RedisLimits, RedisLimitsOptions,
    SharedEvent,
};
use crate::secret::Secret;

/// A row for the table of endpoints.
#[napi(object, object_to_js = false)]
pub struct NativeEndpointLimit {
    /// Method and path template.
    pub endpoint: String,
    /// Requests in any second.
    pub per_second: Option<u32>,
    /// Requests at once.
    pub concurrent: Option<u32>,
}

/// For what requests at once are counted.
#[napi(string_enum = "lowercase")]
pub enum NativeConcurrencyScope {
    /// For a credential, over all endpoints.
    Credential,
    /// For each endpoint of a credential.
    Endpoint,
}

/// How a client keeps to the limits.
#[napi(object, object_to_js = false)]
pub struct NativeLimits {
    /// Rows for the table of endpoints.
    pub endpoints: Vec<NativeEndpointLimit>,
    /// Requests of a credential at once.
    pub concurrent: Option<u32>,
    /// For what these are counted.
    pub concurrency_scope: Option<NativeConcurrencyScope>,
    /// How many calls may wait for an endpoint.
    pub queue: u32,
}

impl From<NativeLimits> for LimitOptions {
    fn from(limits: NativeLimits) -> Self {
        let row = |row: NativeEndpointLimit| EndpointLimit {
            endpoint: row.endpoint,
            per_second: row.per_second,
            concurrent: row.concurrent,
        };
        Self {
            endpoints: limits.endpoints.into_iter().map(row).collect(),
            concurrent: limits.concurrent.map(|concurrent| concurrent as usize),
            concurrency_scope: match limits.concurrency_scope {
                Some(NativeConcurrencyScope::Endpoint) => ConcurrencyScope::Endpoint,
                Some(NativeConcurrencyScope::Credential) | None => ConcurrencyScope::Credential,
            },
            queue: limits.queue as usize,
            shared: None,
        }
    }
}

/// The figures of one endpoint.
#[napi(object, object_from_js = false)]
pub struct NativeEndpointLimits {
    /// Its method and path template.
    pub endpoint: String,
    /// Requests that it takes in any second.
    pub per_second: f64,
    /// Requests that it takes at once.
    pub concurrent: f64,
    /// Requests that the server may count in its present second.
    pub used: f64,
    /// Requests in flight.
    pub in_flight: f64,
    /// Calls that wait for their turn.
    pub waiting: f64,
    /// How long the longest waited so far, in milliseconds.
    pub longest_wait: f64,
    /// Answers with 429.
    pub too_many_requests: f64,
}

impl From<EndpointLimits> for NativeEndpointLimits {
    fn from(limits: EndpointLimits) -> Self {
        Self {
            endpoint: limits.endpoint,
            per_second: number(limits.per_second as u64),
            concurrent: number(limits.concurrent as u64),
            used: number(limits.used as u64),
            in_flight: number(limits.in_flight as u64),
            waiting: number(limits.waiting as u64),
            longest_wait: (limits.longest_wait.as_secs_f64() * 1000.0).round(),
            too_many_requests: number(limits.too_many_requests),
        }
    }
}

/// Where processes share the limits.
#[napi]
pub struct NativeRedisLimits(pub(super) Arc<RedisLimits>);

/// What happened to the limits that processes share.
#[napi(object, object_from_js = false)]
pub struct NativeLimitsEvent {
    /// `degraded` or `restored`.
    pub name: String,
    /// How many processes there were.
    pub members: f64,
    /// Why they cannot be shared.
    pub error: Option<NativeError>,
}

impl From<SharedEvent> for NativeLimitsEvent {
    fn from(event: SharedEvent) -> Self {
        match event {
            SharedEvent::Degraded { members, error } => Self {
                name: "degraded".to_owned(),
                members: number(members as u64),
                error: Some(NativeError::from(&error)),
            },
            SharedEvent::Restored => Self { name: "restored".to_owned(), members: 0.0, error: None },
        }
    }
}

/// Limits in Redis. `url` may hold a password; `listen` gets their events, and must not throw.
#[napi(catch_unwind)]
pub fn redis_limits(
    url: String,
    #[napi(ts_arg_type = "(event: NativeLimitsEvent) => void")] listen: Function<
        '_,
        FnArgs<(NativeLimitsEvent,)>,
        (),
    >,
    variables: Vec<String>,
    ca: Option<String>,
) -> napi::Result<Either<NativeRedisLimits, NativeError>> {
    let tell = teller(listen)?;
    let options = RedisLimitsOptions { url: Secret::new(url), ca, variables: given(variables) };
    // Where its environment has ended, nobody is left to hear of it.
    let listen = move |event: SharedEvent| {
        tell(event.into());
    };
    Ok(either(RedisLimits::new(options, listen).map(NativeRedisLimits)))
}

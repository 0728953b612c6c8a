//! The API's rate limits: the options of a client, the figures of each endpoint, and limits that processes share.

use std::sync::Arc;

use napi::bindgen_prelude::{Either, FnArgs, Function};
use napi_derive::napi;

use super::calls::callback;
use super::convert::{NativeError, either, given, number};
use crate::limit::{
    ConcurrencyScope, EndpointLimit, EndpointLimits, LimitOptions, RedisLimits, RedisLimitsOptions,
    SharedEvent, SharedWindow,
};
use crate::secret::Secret;

/// The limits of one endpoint, in place of the documented ones.
#[napi(object, object_to_js = false)]
pub struct NativeEndpointLimit {
    /// The method and path template of the endpoint, such as `GET /jobs/{id}`.
    pub endpoint: String,
    /// How many requests may be sent in any second.
    pub per_second: Option<u32>,
    /// How many requests may be in progress at once.
    pub concurrent: Option<u32>,
}

/// What the limit of concurrent requests applies to.
#[napi(string_enum = "lowercase")]
pub enum NativeConcurrencyScope {
    /// All endpoints of a credential together.
    Credential,
    /// Each endpoint of a credential.
    Endpoint,
}

/// How a client keeps to the rate limits.
#[napi(object, object_to_js = false)]
pub struct NativeLimits {
    /// Limits of endpoints, in place of the documented ones.
    pub endpoints: Vec<NativeEndpointLimit>,
    /// How many requests of a credential may be in progress at once.
    pub concurrent: Option<u32>,
    /// What `concurrent` applies to; `credential` if undefined.
    pub concurrency_scope: Option<NativeConcurrencyScope>,
    /// How many calls may wait for an endpoint before further calls fail.
    pub queue: u32,
}

/// The limit options of the core, or `None` if a client is not to keep to the limits.
pub(super) fn limit_options(
    limits: Option<NativeLimits>,
    shared: Option<&NativeRedisLimits>,
) -> Option<LimitOptions> {
    let limits = limits?;
    let endpoint = |limit: NativeEndpointLimit| EndpointLimit {
        endpoint: limit.endpoint,
        per_second: limit.per_second,
        concurrent: limit.concurrent,
    };
    Some(LimitOptions {
        endpoints: limits.endpoints.into_iter().map(endpoint).collect(),
        concurrent: limits.concurrent.map(|concurrent| concurrent as usize),
        concurrency_scope: match limits.concurrency_scope {
            Some(NativeConcurrencyScope::Endpoint) => ConcurrencyScope::Endpoint,
            Some(NativeConcurrencyScope::Credential) | None => ConcurrencyScope::Credential,
        },
        queue: limits.queue as usize,
        shared: shared.map(|shared| Arc::clone(&shared.0) as Arc<dyn SharedWindow>),
    })
}

/// How far the limits of one endpoint are used.
#[napi(object, object_from_js = false)]
pub struct NativeEndpointLimits {
    /// The method and path template of the endpoint.
    pub endpoint: String,
    /// How many requests the endpoint takes in any second.
    pub per_second: f64,
    /// How many requests the endpoint takes at once.
    pub concurrent: f64,
    /// How many requests the server may count in its current second.
    pub used: f64,
    /// How many requests are in progress.
    pub in_flight: f64,
    /// How many calls are waiting for their turn.
    pub waiting: f64,
    /// The longest wait of a call so far, in milliseconds.
    pub longest_wait: f64,
    /// How many responses had the status 429.
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

/// Rate limits that processes share through Redis.
#[napi]
pub struct NativeRedisLimits(pub(super) Arc<RedisLimits>);

/// An event about limits that processes share.
#[napi(object, object_from_js = false)]
pub struct NativeLimitsEvent {
    /// The name of the event: `degraded` or `restored`.
    pub name: String,
    /// For `degraded`: the number of processes that shared the limits when they were last seen.
    pub members: f64,
    /// For `degraded`: the reason why the limits cannot be shared.
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

/// Makes limits that are shared through Redis. `url` may hold a password. `listen` gets their events, and must not throw.
/// `variables` are the variables of the environment that are set, as alternating names and values.
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
    let report = callback(listen)?;
    let options = RedisLimitsOptions { url: Secret::new(url), ca, variables: given(variables) };
    let listen = move |event: SharedEvent| {
        // False if the environment of the listener has ended.
        report(event.into());
    };
    Ok(either(RedisLimits::new(options, listen).map(NativeRedisLimits)))
}

//! How fast: which endpoint a request belongs to, and when it may leave. The vendor limits requests for each credential
//! and endpoint, by the second and at once.

mod answer;
mod bucket;
mod endpoint;
mod forecast;
mod guard;
mod limiter;
mod pacing;
mod permit;
#[cfg(feature = "redis")]
mod redis;
mod remote;
mod rules;
mod shared;
mod sharing;
mod slots;
mod usual;
mod waiter;
mod window;

pub use answer::LimitHeaders;
pub use endpoint::{Endpoint, EndpointLimit, Endpoints};
pub use guard::Trip;
pub use limiter::{ConcurrencyScope, EndpointLimits, Limiter};
pub use pacing::{Identity, LimitOptions, Pacing};
pub use permit::Permit;
#[cfg(feature = "redis")]
pub use redis::{RedisLimits, RedisLimitsOptions, SharedEvent};
pub use rules::Rule;
pub use shared::{Ask, LEASE, Report, SharedFuture, SharedWindow, Told};

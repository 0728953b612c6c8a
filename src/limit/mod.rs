//! Pacing: which endpoint a request belongs to, and when the request may be sent. The vendor limits the requests of each
//! credential to each endpoint, both per second and in progress at the same time.
//!
//! [`Pacing`] is the entrance. It waits for a turn at the credential's limiter, which keeps the pure scheduler
//! (`schedule/`) under a lock, and hands the turn out as a [`Permit`]. Processes that share the limits get their permits
//! from a [`SharedWindow`] (`shared/`), which one task for each endpoint asks (`agent.rs`).

mod agent;
mod credential_id;
mod endpoints;
mod limiter;
mod pacing;
mod permit;
mod schedule;
mod shared;

pub use credential_id::CredentialId;
pub use endpoints::{Endpoint, EndpointLimit, Endpoints, Rule};
pub use pacing::{LimitOptions, Pacing};
pub use permit::Permit;
pub use schedule::{ConcurrencyScope, Connection, EndpointLimits, LimitHeaders};
pub use shared::{LEASE, PermitReply, PermitReport, PermitRequest, SharedFuture, SharedWindow};
#[cfg(feature = "redis")]
pub use shared::{RedisLimits, RedisLimitsOptions, SharedEvent};

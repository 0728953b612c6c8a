//! Permits that many processes take from one shared window: what a process asks and reports ([`protocol`]), what it keeps
//! of its permits ([`ledger`]), whether the window can be reached ([`status`]), and the window in Redis. Apart from Redis it
//! is pure.

mod ledger;
mod protocol;
#[cfg(feature = "redis")]
mod redis;
mod status;

pub(super) use ledger::{PermitEvent, PermitLedger};
pub(super) use protocol::RENEWAL;
pub use protocol::{LEASE, PermitReply, PermitReport, PermitRequest, SharedFuture, SharedWindow};
#[cfg(feature = "redis")]
pub use redis::{RedisLimits, RedisLimitsOptions, SharedEvent};
pub(super) use status::SharedStatus;

//! Which call of a credential is sent next. Everything here is pure: no lock, no task, no timer, no clock. Times are
//! arguments, measured from a start that all callers share; what has to be woken is returned as a [`Signal`].

mod arrival;
mod credential_state;
mod endpoint_state;
mod headers;
mod in_progress;
mod queue;
mod response_time;
mod scheduler;
mod turn;
mod window;

pub use arrival::Connection;
pub use credential_state::ConcurrencyScope;
pub use endpoint_state::EndpointLimits;
pub use headers::LimitHeaders;
pub(super) use scheduler::{Entry, Look, Scheduler, Signal};
pub(super) use turn::{EndpointIndex, Turn, WaiterId};

#[cfg(test)]
mod tests;

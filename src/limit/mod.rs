//! How fast: which endpoint a request belongs to, and when it may leave. The vendor limits requests for each credential
//! and endpoint, by the second and at once.

mod answer;
mod bucket;
mod endpoint;
mod guard;
mod limiter;
mod pacing;
mod permit;
mod rules;
mod slots;
mod waiter;
mod window;

pub use answer::LimitHeaders;
pub use endpoint::{Endpoint, EndpointLimit, Endpoints};
pub use guard::Trip;
pub use limiter::{ConcurrencyScope, EndpointLimits, Limiter};
pub use pacing::{Identity, LimitOptions, Pacing};
pub use permit::Permit;
pub use rules::Rule;

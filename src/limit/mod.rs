//! Which endpoint a request belongs to: the unit that SmartRecruiters limits and denies.

mod endpoint;

pub use endpoint::Endpoint;

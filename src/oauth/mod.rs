//! OAuth 2.0 (RFC 6749) as SmartRecruiters implements it.

mod authorization;
mod issued_client;
mod keeping;
mod refusal;
mod requested_scopes;
mod token_answer;
mod token_endpoint;
mod token_request;

pub use authorization::{AuthorizationEndpoint, AuthorizationUrl, Callback};
pub use issued_client::read_client;
pub use keeping::is_worth_keeping;
pub use requested_scopes::requested_scopes;
pub use token_answer::read_tokens;
pub use token_endpoint::{TokenConnection, TokenEndpoint};
pub use token_request::TokenRequest;

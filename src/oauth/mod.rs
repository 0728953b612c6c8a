//! OAuth 2.0 (RFC 6749) as SmartRecruiters speaks it.

mod authorization;
mod grant;
mod issued_client;
mod keeping;
mod refusal;
mod token_answer;
mod token_endpoint;

pub use authorization::{AuthorizationEndpoint, AuthorizationUrl, Callback};
pub use grant::TokenRequest;
pub use issued_client::read_client;
pub use keeping::is_worth_keeping;
pub use token_answer::read_tokens;
pub use token_endpoint::{TokenConnection, TokenEndpoint};

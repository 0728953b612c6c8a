//! OAuth 2.0 (RFC 6749) as SmartRecruiters speaks it.

mod authorization;
mod grant;
mod token_endpoint;

pub use authorization::{AuthorizationEndpoint, AuthorizationUrl, Callback};
pub use grant::TokenRequest;
pub use token_endpoint::{TokenConnection, TokenEndpoint, is_worth_keeping, read_client, read_tokens};

//! The lives of tokens: cached while fresh, one exchange in flight however many ask, shared by a fleet, and grants
//! renewed so that no one-time refresh token is lost.

mod app;
mod client_credentials;
mod events;
mod flights;
mod keep_alive;
mod lease;
mod protocol;
mod renewal;
mod shared_token;
mod source;
mod sources;

pub use app::{Grant, ImportedAccessToken, ImportedGrant, OAuthApp, OAuthAppOptions};
pub use client_credentials::ClientCredentials;
pub use events::{Event, Listener};
pub use flights::{await_exchanges, end_exchanges, exchanges_in_flight};
pub use keep_alive::{KeepAliveOptions, KeepAliveProgress};
pub use source::{Held, TokenSource};

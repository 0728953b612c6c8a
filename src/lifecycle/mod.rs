//! The lives of tokens: cached while fresh, one exchange in flight however many ask, and grants renewed so that
//! no one-time refresh token is lost.

mod app;
mod client_credentials;
mod events;
mod export;
mod flights;
mod grants;
mod keep_alive;
mod listing;
mod protocol;
mod rekey;
mod renewal;
mod source;
mod warnings;

pub use app::{Grant, ImportedAccessToken, ImportedGrant, OAuthApp, OAuthAppOptions};
pub use client_credentials::ClientCredentials;
pub use events::{Event, Listener};
pub use flights::{await_exchanges, end_exchanges, exchanges_in_flight};
pub use keep_alive::{BackgroundOptions, KeepAliveOptions, KeepAliveProgress};
pub use listing::{GrantFilter, GrantInfo, GrantPage, GrantStanding};
pub use rekey::RekeyProgress;
pub use source::{Held, TokenSource};

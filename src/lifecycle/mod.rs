//! The lives of tokens: cached while fresh, one exchange in flight however many ask, shared by a fleet, and grants
//! renewed so that no one-time refresh token is lost.

mod app;
mod client_credentials;
mod customers;
mod events;
mod export;
mod flights;
mod grants;
mod keep_alive;
mod lease;
mod listing;
mod process_warning;
mod protocol;
mod rekey;
mod renewal;
mod shared_token;
mod source;
mod sources;
mod warnings;

pub use app::{Grant, ImportedAccessToken, ImportedGrant, OAuthApp, OAuthAppOptions};
pub use client_credentials::ClientCredentials;
pub use customers::{Customer, Customers};
pub use events::{Event, Listener};
pub(crate) use flights::{InFlight, Preparing};
pub use flights::{await_exchanges, end_exchanges, exchanges_in_flight, settled};
pub use keep_alive::{BackgroundOptions, KeepAliveOptions, KeepAliveProgress};
pub(crate) use lease::{
    FIRST_COMMIT_WAIT, LEASE_MILLIS, LEASE_POLL, LONGEST_COMMIT_WAIT, LONGEST_JOURNAL, Lease,
};
pub use listing::{GrantFilter, GrantInfo, GrantPage, GrantStanding};
pub(crate) use process_warning::warn_process;
pub use process_warning::{Warner, take_process_warnings};
pub use rekey::RekeyProgress;
pub use source::{Held, TokenSource};

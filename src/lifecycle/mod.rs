//! The lifecycle of tokens. They are cached while fresh, obtained by one exchange however many calls wait, and shared
//! between processes. Grants are renewed so that no one-time refresh token is lost.

mod adoption;
mod app;
mod background;
mod client_credentials;
mod codes;
mod customers;
mod export;
mod grants;
mod keep_alive;
mod listing;
mod moving;
mod rekey;
mod renewal;
mod shared_token;
mod source;
mod source_registry;

pub use app::{CodeExchange, Grant, ImportedAccessToken, ImportedGrant, OAuthApp, OAuthAppOptions};
pub use background::{BackgroundOptions, KeepAliveOptions};
pub use client_credentials::ClientCredentials;
pub use customers::{Customer, Customers};
pub use keep_alive::KeepAliveProgress;
pub use listing::{GrantFilter, GrantInfo, GrantPage, ListedGrantState};
pub use rekey::RekeyProgress;
pub use source::{CurrentToken, TokenSource};

// Every source of tokens has an owner.
pub use crate::once::TokenOwner;

//! The core against real sockets, and the rules that keep the tree as it is.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets one fails, as it should"
)]

mod apps;
mod bodies;
mod calls;
mod fuzz;
mod layers;
#[cfg(all(unix, feature = "stores"))]
mod management;
mod pages;
mod partner;
mod redirects;
mod renewals;
mod retries;
mod secrets;
mod shared_tokens;
mod single_exchange;
#[cfg(all(unix, feature = "stores"))]
mod stores;
mod support;
mod tokens;

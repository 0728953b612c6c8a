//! The core against real sockets, and the rules that keep the tree as it is.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets one fails, as it should")]

mod bodies;
mod calls;
mod layers;
mod partner;
mod redirects;
mod retries;
mod secrets;
mod shared_tokens;
#[cfg(all(unix, feature = "stores"))]
mod stores;
mod support;
mod tokens;

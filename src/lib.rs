//! Authenticated access to the SmartRecruiters API (SmartAPI).
//!
//! The modules are grouped by layer, from the lowest to the highest. `ARCHITECTURE.md` describes them, and
//! `tests/it/layers.rs` checks that no module uses one of a higher layer.

// -- words: no I/O, used by all
pub mod clock;
pub mod credential;
pub mod environment;
pub mod error;
pub mod fingerprint;
pub mod observe;
pub mod operations;
mod random;
pub mod secret;
mod spelling;
mod sync;
pub mod token;
mod torture;
pub mod warning;
// -- wire: bytes to and from a server
pub mod http;
pub mod oauth;
#[cfg(feature = "redis")]
mod redis_server;
pub mod tls;
// -- rules: which endpoint a request belongs to, and when it may be sent
pub mod limit;
// -- state: records in a store, one-time operations, tokens, events
pub mod lifecycle;
pub mod once;
pub mod store;
pub mod webhook;
// -- client: the steps of a call
pub mod client;
// -- Node: the only files that may say `napi`
#[cfg(feature = "node")]
#[expect(unreachable_pub, reason = "napi exports to JavaScript what is `pub`")]
#[expect(clippy::needless_pass_by_value, reason = "napi hands arguments over by value")]
#[expect(clippy::too_many_arguments, reason = "reading an object's properties costs more than arguments do")]
mod binding;

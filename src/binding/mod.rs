//! The Node binding: converts values and starts calls. It decides nothing.
//!
//! The face (`lib/`) has validated every option before it gets here: a conversion of napi that fails prints the value
//! that it refused.
//!
//! `calls/` brings a call to the core's thread and its result back, and knows no subject. `convert/` holds the conversions
//! that several subjects need. Each file beside these folders is one subject. What TypeScript needs to know and napi
//! cannot express is in `header.d.ts`, which becomes the beginning of `index.d.ts`.

mod allocator;
mod answer;
mod app;
mod body;
mod calls;
mod client;
mod convert;
mod credential;
mod custom_store;
mod events;
mod exchanges;
mod grants;
mod limits;
mod observing;
mod pages;
mod partner;
mod registration;
mod store;
mod token;
mod webhooks;

/// The version of the addon. The face refuses an addon of another version.
#[napi_derive::napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[global_allocator]
static ALLOCATOR: allocator::Wiping = allocator::Wiping;

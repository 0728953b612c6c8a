//! The Node binding: converts values and schedules completions. Decides nothing.
//!
//! The face (`lib/`) has validated every option before anything here is reached: a conversion that fails would
//! print the value that it refused.

mod app;
mod body;
mod client;
mod completions;
mod connection;
mod credential;
mod error;
mod events;
mod grants;
mod limits;
mod pages;
mod partner;
mod room;
mod runtime;
mod store;
mod token;

/// Requests are allocated on Node's thread and freed on the core's, answers the other way round.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

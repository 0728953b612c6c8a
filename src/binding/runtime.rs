//! The thread on which the core runs: one for the process, shared by all of Node's worker threads.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle};

use super::completions;

static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// The core's runtime, started when first asked for.
///
/// A single thread: the work is I/O, and completions are handed to Node without waking another thread.
pub(super) fn handle() -> napi::Result<&'static Handle> {
    if let Some(handle) = RUNTIME.get() {
        return Ok(handle);
    }
    // The thread outlives any worker that loaded us; its code must stay mapped.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let runtime = Builder::new_current_thread().enable_all().on_thread_park(completions::wake_all).build()?;
    let handle = runtime.handle().clone();
    // Two environments may race to be first: the loser's runtime is dropped unused.
    if RUNTIME.set(handle).is_ok() {
        std::thread::Builder::new()
            .name("smartrecruiters".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    }
    RUNTIME.get().ok_or_else(|| napi::Error::from_reason("the runtime did not start"))
}

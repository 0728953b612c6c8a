//! A thread for what takes long: decoding large bodies, and copying them. Beside it, the thread on which all calls run
//! stays free for the others.

use std::future::pending;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Bodies up to this long, in bytes, are copied and checked where they are: it takes less time than a change of threads.
pub(super) const SHORT: usize = 256 * 1024;

/// By how much the thread steps back, of 19.
#[cfg(all(target_os = "linux", feature = "node"))]
const NICE: i32 = 10;

/// One thread for the process: what is large takes turns on it, part by part.
static THREAD: OnceLock<Option<Handle>> = OnceLock::new();

/// Runs `work` on the thread; if the system gives none, where it is called.
pub(super) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    match THREAD.get_or_init(start) {
        Some(thread) => thread.spawn(work),
        None => tokio::spawn(work),
    }
}

/// Does `work` on the thread if it is for that many bytes, and at once if they are few.
pub(super) async fn work_on<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if bytes <= SHORT {
        return Ok(work());
    }
    let done = spawn(async move { work() }).await;
    done.map_err(|_| Error::Internal { problem: "a large body could not be put together" })
}

/// Drops what holds that many bytes; much memory is given back on the thread, if it runs.
pub(super) fn give_up(bytes: usize, memory: impl Send + 'static) {
    if bytes > SHORT
        && let Some(Some(thread)) = THREAD.get()
    {
        thread.spawn(async move { drop(memory) });
    }
}

fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().build().ok()?;
    let handle = runtime.handle().clone();
    let run = move || {
        let_calls_go_first();
        runtime.block_on(pending::<()>());
    };
    std::thread::Builder::new().name("smartrecruiters-2".to_owned()).spawn(run).ok()?;
    Some(handle)
}

/// Where both want the same processor, the thread of the calls has it first. Nothing is lost where that cannot be asked
/// for.
fn let_calls_go_first() {
    #[cfg(all(target_os = "linux", feature = "node"))]
    let _ = rustix::process::nice(NICE);
}

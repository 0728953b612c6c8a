//! A background thread for long work: decoding and copying large bodies. It keeps the thread that all calls run on free
//! for other calls.

use std::future::pending;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Bodies of up to this many bytes are copied and checked on the calling thread, which takes less time than a change of
/// threads.
pub(super) const SHORT: usize = 256 * 1024;

/// The niceness of the thread, of at most 19.
#[cfg(all(target_os = "linux", feature = "node"))]
const NICE: i32 = 10;

/// One thread for the process, on which large bodies take turns part by part.
static THREAD: OnceLock<Option<Handle>> = OnceLock::new();

/// Runs `work` on the thread, or on the caller's runtime if the thread could not be created.
pub(super) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    match THREAD.get_or_init(start) {
        Some(thread) => thread.spawn(work),
        None => tokio::spawn(work),
    }
}

/// Does `work` for this many bytes: on the thread if they are many, and at once if they are few.
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

/// Drops `memory`, which holds this many bytes. Large memory is freed on the thread, since the addon's allocator wipes
/// what it frees, and 64 MiB take it tens of milliseconds.
pub(super) fn give_up(bytes: usize, memory: impl Send + 'static) {
    if bytes > SHORT
        && let Some(thread) = THREAD.get_or_init(start)
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

/// Lowers the thread's priority, so that the thread of the calls goes first on a shared processor. Failing to do so
/// does no harm.
fn let_calls_go_first() {
    #[cfg(all(target_os = "linux", feature = "node"))]
    let _ = rustix::process::nice(NICE);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{ThreadId, current};

    use super::*;

    /// Reports the thread that drops it.
    struct Memory(Sender<ThreadId>);

    impl Drop for Memory {
        fn drop(&mut self) {
            self.0.send(current().id()).unwrap();
        }
    }

    #[test]
    fn large_memory_is_freed_on_another_thread() {
        let (freed, by) = channel();
        give_up(SHORT, Memory(freed.clone()));
        assert_eq!(by.recv().unwrap(), current().id());
        give_up(SHORT + 1, Memory(freed));
        assert_ne!(by.recv().unwrap(), current().id());
    }
}

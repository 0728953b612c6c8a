//! The thread on which the core runs: one for the process, shared by all of Node's worker threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::Builder;
use tokio::sync::Notify;

use super::completions;

static CORE: OnceLock<Arc<Core>> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());

/// By how much the core's thread steps back, of 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 3;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work on its way to the core's thread. Waking that thread costs a system call, so it is woken for the first of what
/// is handed over in one turn of Node's loop, not for each.
#[derive(Default)]
struct Core {
    waiting: Mutex<Vec<Work>>,
    wake: Notify,
}

impl Core {
    /// Says how much is waiting now. The lock is free again when the core is woken, which takes it first of all.
    fn add(&self, work: Work) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(work);
        waiting.len()
    }

    fn take(&self) -> Vec<Work> {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn run(&self) {
        loop {
            self.wake.notified().await;
            for work in self.take() {
                tokio::spawn(work);
            }
        }
    }
}

/// Runs `work` on the core's thread, which is started when first needed.
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> napi::Result<()> {
    let core = core()?;
    if core.add(Box::pin(work)) == 1 {
        core.wake.notify_one();
    }
    Ok(())
}

/// A single thread: the work is I/O, and completions are handed to Node without waking another thread.
fn core() -> napi::Result<&'static Core> {
    if let Some(core) = CORE.get() {
        return Ok(core);
    }
    // Environments may race to be first. If one fails to start the thread, the next tries again.
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(core) = CORE.get() {
        return Ok(core);
    }
    // The thread outlives any worker that loaded us; its code must stay mapped.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let core = Arc::new(Core::default());
    let running = Arc::clone(&core);
    std::thread::Builder::new().name("smartrecruiters".to_owned()).spawn(move || {
        let_node_go_first();
        runtime.spawn(completions::hand_over());
        runtime.block_on(running.run());
    })?;
    Ok(CORE.get_or_init(|| core))
}

/// Where both want the same processor, Node's thread has it first: it has the timers and the callers' code. Nothing is
/// lost where that cannot be asked for.
fn let_node_go_first() {
    // Linux has priorities of threads, though its `nice` speaks of processes (nice(2), notes).
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

//! The core's thread: one for the process, shared by all of Node's worker threads.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::http::LOOKUPS;

static CORE: OnceLock<Arc<Core>> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());

/// The most threads that wait for files, which are those of SQLite.
const FILE_THREADS: usize = 256;
/// How far the priority of the core's thread is lowered. The lowest is 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 3;

thread_local! {
    /// What was deferred since the last time. Only the core's thread has any.
    static DEFERRED: RefCell<Vec<Arc<dyn Deferred>>> = const { RefCell::new(Vec::new()) };
}

/// Notifies [`run_deferred`] that there is something to run.
static ANY_DEFERRED: Notify = Notify::const_new();

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work on its way to the core's thread. Waking that thread takes a system call, so only the first piece of work in a
/// turn of Node's loop does.
#[derive(Default)]
struct Core {
    waiting: Mutex<Vec<Work>>,
    wake: Notify,
}

impl Core {
    /// Adds `work` and returns how much is waiting now. The lock must be free when the core is woken, which takes it
    /// first of all.
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
pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> napi::Result<()> {
    let core = core()?;
    if core.add(Box::pin(work)) == 1 {
        core.wake.notify_one();
    }
    Ok(())
}

/// Something to do once everything that can run now has run, so that it is done once for all that finished meanwhile.
pub(super) trait Deferred {
    /// Does it.
    fn run(&self);
}

/// Runs `work` once everything that can run now has run. Call this on the core's thread.
pub(super) fn defer(work: Arc<dyn Deferred>) {
    DEFERRED.with_borrow_mut(|all| all.push(work));
    ANY_DEFERRED.notify_one();
}

/// Runs what was deferred, for as long as the runtime exists.
///
/// It yields once before each time, and so goes on when everything that could run has run and the sockets have been
/// polled again. While some work never ends, the runtime still lets this go on after a bounded number of steps.
async fn run_deferred() {
    loop {
        ANY_DEFERRED.notified().await;
        tokio::task::yield_now().await;
        let deferred = DEFERRED.with_borrow_mut(std::mem::take);
        for work in deferred {
            work.run();
        }
    }
}

/// The core, on a single thread: the work is I/O, and results are handed to Node without waking another thread.
fn core() -> napi::Result<&'static Core> {
    if let Some(core) = CORE.get() {
        return Ok(core);
    }
    // Several environments may come here at once. If one fails to start the thread, the next tries again.
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(core) = CORE.get() {
        return Ok(core);
    }
    // The thread outlives any worker that loaded us; its code must stay mapped.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let threads = LOOKUPS + FILE_THREADS;
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(threads).build()?;
    let core = Arc::new(Core::default());
    let running = Arc::clone(&core);
    std::thread::Builder::new().name("smartrecruiters".to_owned()).spawn(move || {
        let_node_go_first();
        runtime.spawn(run_deferred());
        runtime.block_on(running.run());
    })?;
    Ok(CORE.get_or_init(|| core))
}

/// Lets Node's thread, which runs timers and the callers' code, go first when both threads need the same processor. The
/// core works as well where the operating system does not offer this.
fn let_node_go_first() {
    // Linux has priorities of threads, though its `nice` speaks of processes (nice(2), notes).
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

//! [`NativeCustomStore`]: a user's own object as a store.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function, Uint8Array};
use napi_derive::napi;
use tokio::sync::oneshot;

use super::calls::callback;
use super::convert::{NativeDue, number, whole};
use super::store::NativeStore;
use crate::error::{Error, Result};
use crate::store::{Due, Removal, Store, StoreFuture, Stored, Swap, Version};

/// How long a user's store may take to answer: as long as the slowest store of the core may.
const PATIENCE: Duration = Duration::from_secs(20);
/// Why a store whose thread has ended fails from then on.
const GONE: &str = "the thread that the store's object belongs to has ended: end a worker that has a store of its own \
                    only once `app.settled()` has resolved";

/// A call of a user's store: `method`, and those of the other values that the method needs.
#[napi(object, object_from_js = false)]
pub struct NativeQuestion {
    /// The number of the question, which the answer repeats.
    pub number: u32,
    /// The method to call: `load`, `swap`, `remove` or `due`.
    pub method: String,
    /// The id of the record, for all methods but `due`.
    pub id: Option<String>,
    /// The version that a swap replaces, or that a removal removes.
    pub expected: Option<f64>,
    /// The content that a swap writes.
    pub content: Option<Uint8Array>,
    /// For `swap`: when the record next needs attention, in milliseconds since the Unix epoch.
    pub due: Option<f64>,
    /// For `due`: the time before which the listed records are due, in milliseconds since the Unix epoch.
    pub before: Option<f64>,
    /// For `due`: the most records to list.
    pub limit: Option<f64>,
    /// For `due`: the place after which the list begins, if it is not the beginning.
    pub after: Option<NativeDue>,
}

impl NativeQuestion {
    fn new(method: &str, id: Option<&str>) -> Self {
        Self {
            number: 0,
            method: method.to_owned(),
            id: id.map(str::to_owned),
            expected: None,
            content: None,
            due: None,
            before: None,
            limit: None,
            after: None,
        }
    }
}

/// The answer of a user's store.
enum Answer {
    Record(Option<Stored>),
    Swap(Swap),
    Removal(Removal),
    Due(Vec<Due>),
}

/// A user's object as a store.
struct CustomStore {
    /// Hands a question to JavaScript. False: the object's environment has ended.
    ask: Box<dyn Fn(NativeQuestion) -> bool + Send + Sync>,
    namespace: String,
    durable: bool,
    last: AtomicU32,
    /// The questions that wait for an answer. `None`: the object's environment has ended, and no more answers come.
    waiting: Mutex<Option<Waiting>>,
}

type Waiting = HashMap<u32, oneshot::Sender<Result<Answer, String>>>;

/// A user's object as a store. The object's answers come back through its methods.
#[napi]
pub struct NativeCustomStore(Arc<CustomStore>);

#[napi]
impl NativeCustomStore {
    /// Registers the function that calls the user's object. `ask` gets a question, and must not throw. The answer to the
    /// question is handed over by one of the methods below.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        #[napi(ts_arg_type = "(question: NativeQuestion) => void")] ask: Function<
            '_,
            FnArgs<(NativeQuestion,)>,
            (),
        >,
        durable: bool,
        namespace: String,
    ) -> napi::Result<Self> {
        // The call that waits for an answer keeps the process alive.
        let ask = Box::new(callback(ask)?);
        let store = Arc::new(CustomStore {
            ask,
            namespace,
            durable,
            last: AtomicU32::new(0),
            waiting: Mutex::new(Some(Waiting::new())),
        });
        env.add_env_cleanup_hook(Arc::downgrade(&store), |store| {
            if let Some(store) = store.upgrade() {
                store.end();
            }
        })?;
        Ok(Self(store))
    }

    /// Returns the store as a handle for apps and credentials.
    #[napi(catch_unwind)]
    pub fn store(&self) -> NativeStore {
        NativeStore(Arc::clone(&self.0) as Arc<dyn Store>)
    }

    /// Answers `load`: with a record, or with neither argument if there is none.
    #[napi(catch_unwind)]
    pub fn loaded(&self, number: u32, version: Option<f64>, content: Option<Uint8Array>) {
        let record = version
            .zip(content)
            .map(|(version, content)| Stored { version: whole(version), bytes: content.to_vec() });
        self.0.answer(number, Ok(Answer::Record(record)));
    }

    /// Answers `swap`: whether the record was written.
    #[napi(catch_unwind)]
    pub fn swapped(&self, number: u32, won: bool) {
        self.0.answer(number, Ok(Answer::Swap(if won { Swap::Won } else { Swap::Lost })));
    }

    /// Answers `remove`: whether the record was removed. Undefined means that the object has no such method.
    #[napi(catch_unwind)]
    pub fn removed(&self, number: u32, removed: Option<bool>) {
        let removal = match removed {
            Some(true) => Removal::Removed,
            Some(false) => Removal::Lost,
            None => Removal::Unsupported,
        };
        self.0.answer(number, Ok(Answer::Removal(removal)));
    }

    /// Answers `due`: the places of the listed records.
    #[napi(catch_unwind)]
    pub fn due(&self, number: u32, places: Vec<NativeDue>) {
        self.0.answer(number, Ok(Answer::Due(places.into_iter().map(Into::into).collect())));
    }

    /// Answers any question: the object failed.
    #[napi(catch_unwind)]
    pub fn failed(&self, number: u32, problem: String) {
        self.0.answer(number, Err(problem));
    }
}

impl CustomStore {
    fn answer(&self, number: u32, answer: Result<Answer, String>) {
        if let Some(waiting) = self.waiting().as_mut().and_then(|waiting| waiting.remove(&number)) {
            // The waiter may have stopped waiting.
            let _ = waiting.send(answer);
        }
    }

    /// Fails the questions that wait, and all that follow: the environment is going down.
    fn end(&self) {
        *self.waiting() = None;
    }

    async fn ask(&self, operation: &'static str, question: NativeQuestion) -> Result<Answer> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let failed = |problem: String| Error::Store { operation, problem: problem.into() };
        match &mut *self.waiting() {
            Some(waiting) => waiting.insert(number, answer),
            None => return Err(failed(GONE.to_owned())),
        };
        let question = NativeQuestion { number, ..question };
        let result = if (self.ask)(question) {
            tokio::time::timeout(PATIENCE, answered).await
        } else {
            // The environment is going down, and does not come back.
            self.end();
            Ok(Ok(Err(GONE.to_owned())))
        };
        if let Some(waiting) = &mut *self.waiting() {
            waiting.remove(&number);
        }
        match result {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(problem))) => Err(failed(problem)),
            Ok(Err(_)) => Err(failed(GONE.to_owned())),
            Err(_) => Err(failed(format!(
                "the store's {operation}() did not settle within {} s; make it fail instead of hang",
                PATIENCE.as_secs()
            ))),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CustomStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomStore").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Store for CustomStore {
    fn is_durable(&self) -> bool {
        self.durable
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn is_gone(&self) -> bool {
        self.waiting().is_none()
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            match self.ask("load", NativeQuestion::new("load", Some(id))).await? {
                Answer::Record(record) => Ok(record),
                _ => Err(mixed_up()),
            }
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let question = NativeQuestion {
                expected: Some(number(expected)),
                content: Some(bytes.into()),
                due: Some(number(due)),
                ..NativeQuestion::new("swap", Some(id))
            };
            match self.ask("swap", question).await? {
                Answer::Swap(swap) => Ok(swap),
                _ => Err(mixed_up()),
            }
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let question = NativeQuestion {
                expected: Some(number(expected)),
                ..NativeQuestion::new("remove", Some(id))
            };
            match self.ask("remove", question).await? {
                Answer::Removal(removal) => Ok(removal),
                _ => Err(mixed_up()),
            }
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let after = after.cloned().map(Into::into);
        Box::pin(async move {
            let question = NativeQuestion {
                before: Some(number(before)),
                limit: Some(number(limit as u64)),
                after,
                ..NativeQuestion::new("due", None)
            };
            match self.ask("due", question).await? {
                Answer::Due(places) => Ok(places),
                _ => Err(mixed_up()),
            }
        })
    }
}

fn mixed_up() -> Error {
    Error::Internal { problem: "a store's answer was to another question" }
}

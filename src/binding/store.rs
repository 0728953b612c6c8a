//! [`NativeStore`]: the stores of the core, and a user's own object as one of them.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use napi::bindgen_prelude::{Either, FnArgs, Function, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use napi_derive::napi;
use tokio::sync::oneshot;

use super::completions::{NativeCompletions, Outcome};
use super::connection::given;
use super::credential::either;
use super::error::NativeError;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::store::{
    Due, MemoryStore, PostgresOptions, PostgresStore, RedisOptions, RedisStore, Removal, SqliteOptions,
    SqliteStore, Store, StoreFuture, Stored, Swap, Version,
};

/// How long a user's store may take to answer: as long as the longest of ours.
const PATIENCE: Duration = Duration::from_secs(20);
/// Why a user's store fails for good.
const GONE: &str = "the thread that the store's object belongs to has ended: end a worker that has a store of its own \
                    only once `app.settled()` has resolved";

/// Where grants live.
#[napi]
pub struct NativeStore(pub(super) Arc<dyn Store>);

/// A store in memory.
#[napi(catch_unwind)]
pub fn memory_store() -> NativeStore {
    NativeStore(Arc::new(MemoryStore::new()))
}

/// A store in an SQLite file.
#[napi(catch_unwind)]
pub fn sqlite_store(
    path: String,
    create: bool,
    namespace: Option<String>,
) -> Either<NativeStore, NativeError> {
    let options = SqliteOptions { path: PathBuf::from(path), create, namespace };
    either(SqliteStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

/// A store in Redis. `url` may hold a password.
#[napi(catch_unwind)]
pub fn redis_store(
    url: String,
    variables: Vec<String>,
    namespace: Option<String>,
    ca: Option<String>,
) -> Either<NativeStore, NativeError> {
    let options = RedisOptions { url: Secret::new(url), namespace, ca, variables: given(variables) };
    either(RedisStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

/// A store in PostgreSQL. `url` may hold a password.
#[napi(catch_unwind)]
pub fn postgres_store(
    url: String,
    variables: Vec<String>,
    namespace: Option<String>,
    ca: Option<String>,
    connections: Option<u32>,
) -> Either<NativeStore, NativeError> {
    let connections = connections.map(|connections| connections as usize);
    let options =
        PostgresOptions { url: Secret::new(url), namespace, ca, connections, variables: given(variables) };
    either(PostgresStore::new(options).map(|store| NativeStore(Arc::new(store))))
}

#[napi]
impl NativeStore {
    /// What is wrong with the server's settings comes as `call`: a list of sentences.
    #[napi(catch_unwind)]
    pub fn warnings(&self, env: Env, completions: &NativeCompletions, call: u32) -> napi::Result<()> {
        let store = Arc::clone(&self.0);
        completions.start(env, call, async move { store.warnings().await.map(Outcome::Texts) })
    }
}

/// What a user's store is asked: `method` with those of the other values that it needs.
#[napi(object, object_from_js = false)]
pub struct NativeQuestion {
    /// What the answer is to name.
    pub number: u32,
    /// `load`, `swap`, `remove` or `due`.
    pub method: String,
    /// The record's id.
    pub id: Option<String>,
    /// The version that a swap replaces, or that a removal removes.
    pub expected: Option<f64>,
    /// What a swap writes.
    pub content: Option<Uint8Array>,
    /// When the record next needs attention, in milliseconds since the Unix epoch.
    pub due: Option<f64>,
    /// Before when, in milliseconds since the Unix epoch.
    pub before: Option<f64>,
    /// How many at most.
    pub limit: Option<f64>,
    /// After which place.
    pub after: Option<NativeDue>,
}

/// A record's place in the order of what is due.
#[napi(object)]
pub struct NativeDue {
    /// When it next needs attention, in milliseconds since the Unix epoch.
    pub due: f64,
    /// The record's id.
    pub id: String,
}

impl From<Due> for NativeDue {
    fn from(Due { due, id }: Due) -> Self {
        Self { due: number(due), id }
    }
}

impl From<NativeDue> for Due {
    fn from(NativeDue { due, id }: NativeDue) -> Self {
        Self { due: whole(due), id }
    }
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

type Ask = ThreadsafeFunction<NativeQuestion, (), FnArgs<(NativeQuestion,)>, Status, false, true>;

/// What a user's store answered.
enum Answer {
    Record(Option<Stored>),
    Swap(Swap),
    Removal(Removal),
    Due(Vec<Due>),
}

/// A user's object as a store.
pub(super) struct CustomStore {
    ask: Ask,
    namespace: String,
    durable: bool,
    last: AtomicU32,
    /// Who waits for which answer. None: the object's environment has ended, and there are no more answers.
    waiting: Mutex<Option<Waiting>>,
}

type Waiting = HashMap<u32, oneshot::Sender<Result<Answer, String>>>;

/// A user's object as a store, and the way in which its answers come back.
#[napi]
pub struct NativeCustomStore(Arc<CustomStore>);

#[napi]
impl NativeCustomStore {
    /// `ask` calls the user's object; the answer comes by one of the methods below. It must not throw.
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
        let ask = ask
            .build_threadsafe_function::<NativeQuestion>()
            // Whoever waits for a call holds the process.
            .weak::<true>()
            .callee_handled::<false>()
            .build_callback(|context| Ok(FnArgs::from((context.value,))))?;
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

    /// The store, for an app.
    #[napi(catch_unwind)]
    pub fn store(&self) -> NativeStore {
        NativeStore(Arc::clone(&self.0) as Arc<dyn Store>)
    }

    /// Answers `load`.
    #[napi(catch_unwind)]
    pub fn loaded(&self, number: u32, version: Option<f64>, content: Option<Uint8Array>) {
        let record = version
            .zip(content)
            .map(|(version, content)| Stored { version: whole(version), bytes: content.to_vec() });
        self.0.answer(number, Ok(Answer::Record(record)));
    }

    /// Answers `swap`.
    #[napi(catch_unwind)]
    pub fn swapped(&self, number: u32, won: bool) {
        self.0.answer(number, Ok(Answer::Swap(if won { Swap::Won } else { Swap::Lost })));
    }

    /// Answers `remove`. Undefined: the object has no such method.
    #[napi(catch_unwind)]
    pub fn removed(&self, number: u32, removed: Option<bool>) {
        let removal = match removed {
            Some(true) => Removal::Removed,
            Some(false) => Removal::Lost,
            None => Removal::Unsupported,
        };
        self.0.answer(number, Ok(Answer::Removal(removal)));
    }

    /// Answers `due`.
    #[napi(catch_unwind)]
    pub fn due(&self, number: u32, places: Vec<NativeDue>) {
        self.0.answer(number, Ok(Answer::Due(places.into_iter().map(Into::into).collect())));
    }

    /// Answers that the object failed.
    #[napi(catch_unwind)]
    pub fn failed(&self, number: u32, problem: String) {
        self.0.answer(number, Err(problem));
    }
}

impl CustomStore {
    fn answer(&self, number: u32, answer: Result<Answer, String>) {
        if let Some(waiting) = self.waiting().as_mut().and_then(|waiting| waiting.remove(&number)) {
            // Nobody may be left to hear it.
            let _ = waiting.send(answer);
        }
    }

    /// The environment is going down: whoever waits for an answer hears of it at once, as does whoever asks from now on.
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
        let asked = self.ask.call(question, ThreadsafeFunctionCallMode::NonBlocking);
        let result = if asked == Status::Ok {
            tokio::time::timeout(PATIENCE, answered).await
        } else {
            // It is going down: that is so for good.
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

#[expect(clippy::cast_precision_loss, reason = "versions, counts and times are far below 2^53")]
pub(super) fn number(value: u64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the face lets only numbers of 0 or more through"
)]
pub(super) fn whole(value: f64) -> u64 {
    value as u64
}

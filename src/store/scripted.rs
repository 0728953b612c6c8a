//! [`ScriptedStore`]: the one store of tests in which calls are watched, changed or failed. `tests/it/` has it by its path.

#![expect(dead_code, reason = "the unit tests and `tests/it/` each use a part of it")]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Due, Error, MemoryStore, Removal, Store, StoreFuture, Stored, Swap, Version};

/// A call of a store's method, before the store sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call<'a> {
    Warnings,
    Load(&'a str),
    Swap { id: &'a str, expected: Version, bytes: &'a [u8] },
    Remove,
    Due,
}

impl Call<'_> {
    /// The name of the method, as errors have it.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Warnings => "warnings",
            Self::Load(_) => "load",
            Self::Swap { .. } => "swap",
            Self::Remove => "remove",
            Self::Due => "due",
        }
    }
}

/// What becomes of a call.
pub(crate) enum Fate {
    /// The store behind answers it.
    Passes,
    /// It fails for this reason, and the store behind never sees it.
    Fails(&'static str),
    /// The store behind carries it out, and its answer is lost.
    AnswerLost,
    /// A swap is lost to another process, and nothing is written.
    RaceLost,
    /// A load finds this record.
    Finds(Stored),
    /// The store gives these warnings.
    Warns(Vec<String>),
    /// The fate is decided later.
    Later(Pin<Box<dyn Future<Output = Fate> + Send>>),
}

/// A store in front of another one, whose script decides on every call.
pub(crate) struct ScriptedStore {
    inner: Arc<dyn Store>,
    script: Box<dyn Fn(Call<'_>) -> Fate + Send + Sync>,
    /// The namespace in which it claims to be durable; else it is what the store behind is.
    durable_in: Option<&'static str>,
}

impl ScriptedStore {
    /// In front of a new store in memory.
    pub(crate) fn new(script: impl Fn(Call<'_>) -> Fate + Send + Sync + 'static) -> Self {
        Self::over(Arc::new(MemoryStore::new()), script)
    }

    pub(crate) fn over(
        inner: Arc<dyn Store>,
        script: impl Fn(Call<'_>) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self { inner, script: Box::new(script), durable_in: None }
    }

    /// Makes it a durable store in name, in this namespace.
    pub(crate) fn durable_in(self, namespace: &'static str) -> Self {
        Self { durable_in: Some(namespace), ..self }
    }

    async fn fate(&self, call: Call<'_>) -> Fate {
        let mut fate = (self.script)(call);
        while let Fate::Later(later) = fate {
            fate = later.await;
        }
        fate
    }
}

impl fmt::Debug for ScriptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScriptedStore").field(&self.inner).finish()
    }
}

impl Store for ScriptedStore {
    fn is_durable(&self) -> bool {
        self.durable_in.is_some() || self.inner.is_durable()
    }

    fn namespace(&self) -> &str {
        self.durable_in.unwrap_or_else(|| self.inner.namespace())
    }

    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            match self.fate(Call::Warnings).await {
                Fate::Warns(warnings) => Ok(warnings),
                fate => carried_out("warnings", fate, || self.inner.warnings()).await,
            }
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            match self.fate(Call::Load(id)).await {
                Fate::Finds(stored) => Ok(Some(stored)),
                fate => carried_out("load", fate, || self.inner.load(id)).await,
            }
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            match self.fate(Call::Swap { id, expected, bytes: &bytes }).await {
                Fate::RaceLost => Ok(Swap::Lost),
                fate => carried_out("swap", fate, || self.inner.swap(id, expected, bytes, due)).await,
            }
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let fate = self.fate(Call::Remove).await;
            carried_out("remove", fate, || self.inner.remove(id, expected)).await
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let after = after.cloned();
        Box::pin(async move {
            let fate = self.fate(Call::Due).await;
            carried_out("due", fate, || self.inner.due(before, limit, after.as_ref())).await
        })
    }
}

/// The end of a call that has none of the fates of its own kind.
async fn carried_out<'a, T>(
    operation: &'static str,
    fate: Fate,
    call: impl FnOnce() -> StoreFuture<'a, T>,
) -> Result<T, Error> {
    match fate {
        Fate::Passes => call().await,
        Fate::Fails(problem) => Err(Error::Store { operation, problem: problem.into() }),
        Fate::AnswerLost => {
            call().await?;
            Err(Error::Store { operation, problem: "its answer was lost".into() })
        }
        _ => panic!("this is no fate of {operation}"),
    }
}

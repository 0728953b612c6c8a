//! The locks and signals whose use the models explore (`models.rs`, beside what they explore). They are those of the
//! standard library and of Tokio. With the feature `models` they are Shuttle's, which decides at each of them what runs
//! next.

#[cfg(not(feature = "models"))]
pub(crate) use {
    arc_swap::ArcSwapOption,
    std::sync::atomic::AtomicBool,
    std::sync::{Mutex, MutexGuard},
    tokio::spawn,
    tokio::sync::{Notify, watch},
    tokio::time::sleep_until,
};

#[cfg(feature = "models")]
pub(crate) use {
    self::models::{ArcSwapOption, sleep_until},
    shuttle::sync::atomic::AtomicBool,
    shuttle::sync::{Mutex, MutexGuard},
    shuttle_tokio::spawn,
    shuttle_tokio::sync::{Notify, watch},
};

#[cfg(feature = "models")]
mod models {
    use std::sync::{Arc, PoisonError};

    use shuttle::sync::Mutex;
    use tokio::time::Instant;

    /// Never ends: where a wake-up is missed, no timer hides it.
    pub(crate) async fn sleep_until(_: Instant) {
        std::future::pending().await
    }

    /// What Shuttle lacks: a place whose content is replaced as a whole.
    #[derive(Debug)]
    pub(crate) struct ArcSwapOption<T>(Mutex<Option<Arc<T>>>);

    impl<T> ArcSwapOption<T> {
        pub(crate) fn empty() -> Self {
            Self(Mutex::new(None))
        }

        pub(crate) fn load(&self) -> Option<Arc<T>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }

        pub(crate) fn load_full(&self) -> Option<Arc<T>> {
            self.load()
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
        }
    }
}

/// Runs `model` three thousand times, in orders that are drawn at random, and three thousand times in orders that are rare
/// (probabilistic concurrency testing, with up to three changes of what has priority). It fails where a model panics, and
/// where every thread waits.
#[cfg(test)]
#[cfg(feature = "models")]
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    const ORDERS: usize = 3_000;
    let model = std::sync::Arc::new(model);
    let again = std::sync::Arc::clone(&model);
    shuttle::check_random(move || model(), ORDERS);
    shuttle::check_pct(move || again(), ORDERS, 3);
}

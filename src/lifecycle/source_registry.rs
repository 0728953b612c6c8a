//! [`SourceRegistry`]: the token sources in use, by id. It ensures that each id has one exchange in flight, however
//! many clients use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::source::TokenSource;

/// Below this many sources, looking for unused ones is not worth the time.
const FEW: usize = 64;

/// The token sources in use. A process may use thousands of ids over time, so unused sources are removed whenever the
/// registry has grown to about twice the number in use.
#[derive(Debug, Default)]
pub(super) struct SourceRegistry(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<String, Weak<TokenSource>>,
    /// The number of entries at which unused ones are removed.
    most: usize,
}

impl SourceRegistry {
    /// The source of `id`. It is created if it is not in use.
    pub(super) fn get(&self, id: &str, make: impl FnOnce() -> Arc<TokenSource>) -> Arc<TokenSource> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known.by_id.get(id).and_then(Weak::upgrade) {
            return source;
        }
        if known.by_id.len() >= known.most {
            known.by_id.retain(|_, source| source.strong_count() > 0);
            // Doubling keeps the cost of the search constant per added source.
            known.most = FEW.max(known.by_id.len() * 2);
        }
        let source = make();
        known.by_id.insert(id.to_owned(), Arc::downgrade(&source));
        source
    }

    /// The source of `id`, if it is in use.
    pub(super) fn find(&self, id: &str) -> Option<Arc<TokenSource>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_id.get(id).and_then(Weak::upgrade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::error::Error;
    use crate::lifecycle::source::{CurrentToken, Exchange, ExchangeFuture};
    use crate::once::{TokenOwner, TokenOwnerKind};

    #[derive(Debug)]
    struct Never;

    impl Exchange for Never {
        fn owner(&self) -> TokenOwner {
            TokenOwner { kind: TokenOwnerKind::Client, id: "id".into(), credential: 0 }
        }
        fn may_repeat(&self, _: &Error) -> bool {
            false
        }
        fn next(self: Arc<Self>, _: Option<Arc<CurrentToken>>) -> ExchangeFuture {
            Box::pin(async { Err(Error::Closed) })
        }
    }

    fn source() -> Arc<TokenSource> {
        TokenSource::new(Arc::new(Never), Arc::new(SystemClock))
    }

    fn held(sources: &SourceRegistry) -> usize {
        sources.0.lock().unwrap().by_id.len()
    }

    #[test]
    fn an_id_in_use_has_one_source() {
        let sources = SourceRegistry::default();
        let first = sources.get("a", source);
        assert!(Arc::ptr_eq(&first, &sources.get("a", source)));
        assert!(!Arc::ptr_eq(&first, &sources.get("b", source)));
        assert!(sources.find("a").is_some() && sources.find("b").is_none(), "b is used by nobody any more");
    }

    #[test]
    fn sources_that_nobody_uses_are_held_no_longer() {
        let sources = SourceRegistry::default();
        let in_use: Vec<_> = (0..2_000).map(|number| sources.get(&number.to_string(), source)).collect();
        assert_eq!(held(&sources), 2_000);
        for number in 0..20_000 {
            sources.get(&format!("passing {number}"), source);
            assert!(held(&sources) <= 4_000, "{number}");
        }
        drop(in_use);
        for number in 0..4_000 {
            sources.get(&format!("later {number}"), source);
        }
        assert!(held(&sources) <= 2 * FEW, "{}", held(&sources));
    }
}

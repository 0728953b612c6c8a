//! [`Pacing`]: a client's way to its credential's limiter. All clients of a process with one credential of one API share
//! that.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::endpoint::{Endpoint, EndpointLimit, Endpoints};
use super::limiter::{ConcurrencyScope, EndpointLimits, Limiter};
use super::permit::Permit;
use super::shared::SharedWindow;
use crate::error::Result;
use crate::http::Priority;

/// How a client keeps to the limits.
#[derive(Debug, Clone)]
pub struct LimitOptions {
    /// Rows for the table of endpoints.
    pub endpoints: Vec<EndpointLimit>,
    /// Requests of a credential at once; 8 if none.
    pub concurrent: Option<usize>,
    /// For what these are counted.
    pub concurrency_scope: ConcurrencyScope,
    /// How many calls may wait for an endpoint.
    pub queue: usize,
    /// Where processes share the limits; each has them to itself if none.
    pub shared: Option<Arc<dyn SharedWindow>>,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            concurrent: None,
            concurrency_scope: ConcurrencyScope::default(),
            queue: 10_000,
            shared: None,
        }
    }
}

/// Tells credentials of an API apart without showing them: a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity([u8; 32]);

impl Identity {
    /// What is told apart by all of these.
    pub fn new(parts: &[&[u8]]) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

impl fmt::Display for Identity {
    /// In hex.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// A client's way to the limiter of its credential.
#[derive(Debug, Clone)]
pub struct Pacing {
    limiter: Arc<Limiter>,
    options: Arc<LimitOptions>,
    endpoints: Arc<Endpoints>,
}

impl Pacing {
    /// Checks the options.
    pub fn new(options: LimitOptions, identity: Identity) -> Result<Self> {
        let endpoints = Endpoints::with(&options.endpoints)?;
        Ok(Self::of(Arc::new(options), endpoints, identity))
    }

    /// The same for another credential.
    #[must_use]
    pub fn for_another(&self, identity: Identity) -> Self {
        Self::of(Arc::clone(&self.options), Arc::clone(&self.endpoints), identity)
    }

    fn of(options: Arc<LimitOptions>, endpoints: Arc<Endpoints>, identity: Identity) -> Self {
        let limiter = limiter(identity);
        limiter.agree(options.concurrency_scope, options.concurrent);
        if let Some(shared) = &options.shared {
            limiter.share(shared, identity);
        }
        Self { limiter, options, endpoints }
    }

    /// The table of endpoints.
    pub fn endpoints(&self) -> &Arc<Endpoints> {
        &self.endpoints
    }

    /// Waits until a request may leave; `again` if it was let through before.
    pub async fn admit(&self, endpoint: &Endpoint, priority: Priority, again: bool) -> Result<Permit> {
        self.limiter.admit(endpoint, priority, again, self.options.queue).await
    }

    /// How long a call that comes now has to wait for its turn at least.
    pub fn least_wait(&self, endpoint: &Endpoint, priority: Priority) -> Duration {
        self.limiter.least_wait(endpoint, priority)
    }

    /// Answers that nobody reads on and that hold up the calls to this endpoint: to which endpoint they are, and how many.
    pub fn unread(&self, endpoint: &Endpoint) -> Option<(String, usize)> {
        self.limiter.unread(endpoint)
    }

    /// The figures of each endpoint that was asked so far.
    pub fn limits(&self) -> Vec<EndpointLimits> {
        self.limiter.limits()
    }
}

/// The limiters of this process.
#[derive(Debug, Default)]
struct Limiters {
    by_identity: HashMap<Identity, Arc<Limiter>>,
    /// How many there may be before those are dropped that nobody uses.
    most: usize,
}

/// The limiter of a credential. One that no client has any more is kept while the server may remember what it let
/// through: a new client of the same credential must not begin with an empty second.
fn limiter(identity: Identity) -> Arc<Limiter> {
    static LIMITERS: Mutex<Option<Limiters>> = Mutex::new(None);
    let mut limiters = LIMITERS.lock().unwrap_or_else(PoisonError::into_inner);
    let Limiters { by_identity, most } = limiters.get_or_insert_default();
    if by_identity.len() >= (*most).max(64) {
        by_identity.retain(|_, limiter| Arc::strong_count(limiter) > 1 || !limiter.is_idle());
        *most = 2 * by_identity.len();
    }
    Arc::clone(by_identity.entry(identity).or_insert_with(Limiter::new))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http::Method;

    use super::*;
    use crate::http::{BaseUrl, Target};

    fn permits(pacing: &Pacing) -> Vec<Permit> {
        let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
        let target = Target::parse(&base, "/jobs", &[], &[]).unwrap();
        let endpoint = pacing.endpoints().of(&Method::GET, &target);
        std::iter::from_fn(|| pacing.admit(&endpoint, Priority::Interactive, false).now_or_never()?.ok())
            .collect()
    }

    fn pacing(credential: &str, options: LimitOptions) -> Pacing {
        Pacing::new(options, Identity::new(&[b"pacing", credential.as_bytes()])).unwrap()
    }

    #[tokio::test]
    async fn clients_with_one_credential_share_its_limits() {
        let first = pacing("shared", LimitOptions::default());
        let second = pacing("shared", LimitOptions::default());
        let other = first.for_another(Identity::new(&[b"pacing", b"another"]));
        let held = permits(&first);
        assert_eq!((held.len(), permits(&second).len(), permits(&other).len()), (8, 0, 8));
        drop(held);
        assert_eq!(permits(&second).len(), 8);
    }

    #[tokio::test]
    async fn the_lowest_limit_of_a_credentials_clients_holds() {
        let row = |per_second| EndpointLimit {
            endpoint: "GET /jobs".into(),
            per_second: Some(per_second),
            concurrent: None,
        };
        let options =
            |concurrent, row| LimitOptions { concurrent, endpoints: vec![row], ..LimitOptions::default() };
        let first = pacing("lowest", options(Some(6), row(3)));
        let second = pacing("lowest", options(Some(2), row(5)));
        drop(permits(&first));
        drop(permits(&second));
        let limits = first.limits();
        assert_eq!((limits[0].per_second, limits[0].concurrent), (3, 2));
        assert_eq!(permits(&first).len(), 2);
    }

    #[tokio::test]
    async fn what_was_let_through_is_not_forgotten_with_its_client() {
        let held = permits(&pacing("forgotten", LimitOptions::default()));
        for number in 0..1000 {
            pacing(&number.to_string(), LimitOptions::default());
        }
        assert!(permits(&pacing("forgotten", LimitOptions::default())).is_empty());
        drop(held);
    }

    #[test]
    fn identities_are_told_apart_by_all_their_parts() {
        assert_ne!(Identity::new(&[b"ab", b"c"]), Identity::new(&[b"a", b"bc"]));
        assert_eq!(Identity::new(&[b"ab", b"c"]), Identity::new(&[b"ab", b"c"]));
        assert_eq!(format!("{:?}", Identity::new(&[b"canary"])), "Identity");
    }
}

//! [`Pacing`]: a client's access to the limiter of its credential. All clients of a process that use the same credential of
//! the same API share one limiter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::agent::ensure_agent;
use super::credential_id::CredentialId;
use super::endpoints::{Endpoint, EndpointLimit, Endpoints};
use super::limiter::{Admission, Limiter};
use super::permit::Permit;
use super::schedule::{ConcurrencyScope, EndpointLimits};
use super::shared::SharedWindow;
use crate::error::Result;
use crate::http::Priority;

/// A client's settings for the limits.
#[derive(Debug, Clone)]
pub struct LimitOptions {
    /// Rows that replace or extend the vendor's table of endpoints.
    pub endpoints: Vec<EndpointLimit>,
    /// The limit of requests in progress for the credential. The default is 8.
    pub concurrent: Option<usize>,
    /// What requests in progress are counted for.
    pub concurrency_scope: ConcurrencyScope,
    /// How many calls may wait for each endpoint.
    pub queue: usize,
    /// The window that processes share. Without one, this process uses the limits alone.
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

/// A client's access to the limiter of its credential.
#[derive(Debug, Clone)]
pub struct Pacing {
    limiter: Arc<Limiter>,
    options: Arc<LimitOptions>,
    endpoints: Arc<Endpoints>,
}

impl Pacing {
    /// Checks the options, and connects the client to its credential's limiter.
    pub fn new(options: LimitOptions, credential: CredentialId) -> Result<Self> {
        let endpoints = Endpoints::with(&options.endpoints)?;
        Ok(Self::of(Arc::new(options), endpoints, credential))
    }

    /// Creates the same access for another credential.
    #[must_use]
    pub fn for_another(&self, credential: CredentialId) -> Self {
        Self::of(Arc::clone(&self.options), Arc::clone(&self.endpoints), credential)
    }

    fn of(options: Arc<LimitOptions>, endpoints: Arc<Endpoints>, credential: CredentialId) -> Self {
        let limiter = limiter(credential);
        limiter.access(|scheduler| scheduler.restrict(options.concurrency_scope, options.concurrent));
        if let Some(shared) = &options.shared {
            limiter.share(shared, credential);
        }
        Self { limiter, options, endpoints }
    }

    /// The table of endpoints, with the client's own rows.
    pub fn endpoints(&self) -> &Arc<Endpoints> {
        &self.endpoints
    }

    /// Waits until a request may be sent. A call that was admitted `before`, and must be sent again, goes first. Dropping
    /// the future gives the call's place in the queue up.
    pub async fn admit(&self, endpoint: &Endpoint, priority: Priority, before: bool) -> Result<Permit> {
        let turn = match self.limiter.enter(endpoint, priority, before, self.options.queue)? {
            Admission::Turn(turn) => turn,
            Admission::Place(place) => {
                ensure_agent(&self.limiter, place.endpoint());
                place.turn().await
            }
        };
        Ok(Permit::new(&self.limiter, turn))
    }

    /// The shortest possible wait of a call to this endpoint that comes now, whatever happens to the calls before it.
    pub fn least_wait(&self, endpoint: &Endpoint, priority: Priority) -> Duration {
        self.limiter.update(|scheduler, now| scheduler.least_wait(endpoint, priority, now))
    }

    /// The endpoint whose answers hold up the calls to this endpoint because the user does not read them, and the number of
    /// these answers.
    pub fn unread(&self, endpoint: &Endpoint) -> Option<(String, usize)> {
        self.limiter.update(|scheduler, now| scheduler.unread(endpoint, now))
    }

    /// The figures of each endpoint that was used so far.
    pub fn limits(&self) -> Vec<EndpointLimits> {
        self.limiter.update(|scheduler, now| scheduler.limits(now))
    }
}

/// The limiters of this process, which all clients share.
#[derive(Debug, Default)]
struct Limiters {
    by_credential: HashMap<CredentialId, Arc<Limiter>>,
    /// The number of limiters at which unused ones are dropped.
    most: usize,
}

/// Returns the limiter of a credential. A limiter that no client uses any more is kept while the server may remember its
/// requests: a new client of the same credential must not begin with an empty second.
fn limiter(credential: CredentialId) -> Arc<Limiter> {
    static LIMITERS: Mutex<Option<Limiters>> = Mutex::new(None);
    let mut limiters = LIMITERS.lock().unwrap_or_else(PoisonError::into_inner);
    let Limiters { by_credential, most } = limiters.get_or_insert_default();
    if by_credential.len() >= (*most).max(64) {
        by_credential.retain(|_, limiter| Arc::strong_count(limiter) > 1 || !is_idle(limiter));
        *most = 2 * by_credential.len();
    }
    Arc::clone(by_credential.entry(credential).or_insert_with(Limiter::new))
}

/// Whether the server remembers none of a limiter's requests.
fn is_idle(limiter: &Limiter) -> bool {
    limiter.update(|scheduler, now| scheduler.is_idle(now))
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
        Pacing::new(options, CredentialId::new(&[b"pacing", credential.as_bytes()])).unwrap()
    }

    #[tokio::test]
    async fn clients_with_one_credential_share_its_limits() {
        let first = pacing("shared", LimitOptions::default());
        let second = pacing("shared", LimitOptions::default());
        let other = first.for_another(CredentialId::new(&[b"pacing", b"another"]));
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
    async fn requests_are_not_forgotten_when_their_client_is_dropped() {
        let held = permits(&pacing("forgotten", LimitOptions::default()));
        for number in 0..1000 {
            pacing(&number.to_string(), LimitOptions::default());
        }
        assert!(permits(&pacing("forgotten", LimitOptions::default())).is_empty());
        drop(held);
    }
}

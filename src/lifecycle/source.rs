//! [`TokenSource`]: keeps one credential's access token usable.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::error::{Error, Result};
use crate::once::{Observation, TokenOwner, observe};
use crate::random;
use crate::sync::{ArcSwapOption, AtomicBool, Mutex, MutexGuard, spawn, watch};
use crate::token::{AccessToken, Freshness};
use crate::torture::reach;

/// A token is renewed at least this long before it expires.
const LEAST_LEAD: Duration = Duration::from_secs(240);
/// Up to this much is added at random, which spreads the renewals of processes that share a token.
const LEAD_SPREAD: Duration = Duration::from_secs(120);
/// The wait after a first failed exchange; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after failures that pass by themselves. It bounds how long a recovery goes unnoticed.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// The longest wait after failures of the store, so that renewals resume within five seconds of its failover.
const LONGEST_WAIT_FOR_STORE: Duration = Duration::from_secs(3);
/// The longest time that a call waits to repeat the first exchange of a process. If the server asks for more by
/// `Retry-After`, the error is returned at once.
const LONGEST_REPEAT: Duration = Duration::from_secs(5);
/// The wait after a refusal that lasts until something is changed. It is finite, since the change may happen at the
/// server.
const WAIT_AFTER_REFUSAL: Duration = Duration::from_secs(300);
/// How many endpoints' 401s are remembered. It is far more than the API has, in case ids are mistaken for names.
const MOST_ENDPOINTS: usize = 1024;

/// Obtains the next access token of a credential.
pub(super) trait Exchange: fmt::Debug + Send + Sync {
    /// Obtains a token other than `held`, which is too old or was refused.
    ///
    /// Runs in a task of its own, and so to its end even if no caller waits.
    fn next(self: Arc<Self>, held: Option<Arc<CurrentToken>>) -> ExchangeFuture;

    /// Whose tokens they are.
    fn owner(&self) -> TokenOwner;

    /// Whether an exchange that failed with this error may be repeated for a waiting call.
    fn may_repeat(&self, error: &Error) -> bool;
}

/// The future of [`Exchange::next`].
pub(super) type ExchangeFuture = Pin<Box<dyn Future<Output = Result<AccessToken>> + Send>>;

/// The access token in use, and what was learnt while using it.
#[derive(Debug)]
pub struct CurrentToken {
    /// The token.
    pub token: AccessToken,
    /// Set when the API answered the token with 401. The token is replaced if possible, and used further if not.
    refused: AtomicBool,
    /// The endpoints that answered the token with 401, by the caller's names for them.
    unauthorized: Mutex<HashMap<String, Unauthorized>>,
}

/// What is known about an endpoint's 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unauthorized {
    /// It was the first 401, and its meaning is unknown.
    Once,
    /// The token was replaced since. The next 401 is a permission denial.
    Renewed,
    /// It is a permission denial, since a new token changed nothing.
    Denied,
}

impl CurrentToken {
    /// Remembers that a 401 for `endpoint` is a permission denial: a new token changed nothing.
    pub fn deny(&self, endpoint: String) {
        self.remember(endpoint, Unauthorized::Denied);
    }

    fn remember(&self, endpoint: String, known: Unauthorized) {
        let mut unauthorized = self.unauthorized();
        if unauthorized.len() >= MOST_ENDPOINTS {
            unauthorized.clear();
        }
        unauthorized.insert(endpoint, known);
    }

    /// Whether a 401 for `endpoint` is known to be a permission denial.
    pub fn denies(&self, endpoint: &str) -> bool {
        self.unauthorized().get(endpoint) == Some(&Unauthorized::Denied)
    }

    /// Whether this token replaced one that `endpoint` answered with 401, and was not accepted there yet.
    pub fn renewed_for(&self, endpoint: &str) -> bool {
        self.unauthorized().get(endpoint) == Some(&Unauthorized::Renewed)
    }

    /// Remembers that an endpoint accepted this token, so that its next 401 counts as the first. `endpoint` is only
    /// called if there is something to forget.
    pub fn accept(&self, endpoint: impl FnOnce() -> String) {
        let mut unauthorized = self.unauthorized();
        if !unauthorized.is_empty() {
            unauthorized.remove(&endpoint());
        }
    }

    /// What remains known about endpoints after this token is replaced.
    fn inherited(&self) -> HashMap<String, Unauthorized> {
        let mut unauthorized = self.unauthorized().clone();
        for known in unauthorized.values_mut().filter(|known| **known == Unauthorized::Once) {
            *known = Unauthorized::Renewed;
        }
        unauthorized
    }

    fn unauthorized(&self) -> MutexGuard<'_, HashMap<String, Unauthorized>> {
        self.unauthorized.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One credential's access token. It is read without a lock while fresh, renewed in the background shortly before it
/// expires, and waited for once it has expired.
#[derive(Debug)]
pub struct TokenSource {
    current: ArcSwapOption<CurrentToken>,
    state: Mutex<ExchangeState>,
    exchange: Arc<dyn Exchange>,
    clock: Arc<dyn Clock>,
    lead: Duration,
}

/// The exchange in flight, and what is known from failed ones.
#[derive(Debug, Default)]
struct ExchangeState {
    running: Option<Running>,
    /// Counts authorizations, so that an exchange of an earlier one can be recognized as outdated.
    authorization: u64,
    failures: u32,
    pause: Option<Pause>,
}

/// Receives the outcome of the exchange in flight.
type Running = watch::Receiver<Option<ExchangeOutcome>>;

/// The outcome of an exchange.
#[derive(Debug, Clone)]
enum ExchangeOutcome {
    Result(Result<Arc<CurrentToken>>),
    /// A new authorization replaced the one that was exchanged.
    Outdated,
}

/// A pause after a failed exchange. Until `length` has passed since `start`, callers get `error` in place of another
/// exchange.
#[derive(Debug)]
struct Pause {
    start: Moment,
    length: Duration,
    error: Error,
}

impl TokenSource {
    pub(super) fn new(exchange: Arc<dyn Exchange>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let lead = LEAST_LEAD + LEAD_SPREAD.mul_f64(random::fraction());
        Arc::new(Self { current: ArcSwapOption::empty(), state: Mutex::default(), exchange, clock, lead })
    }

    /// A token that can be used now. Waits for an exchange only if there is none.
    pub async fn token(self: &Arc<Self>) -> Result<Arc<CurrentToken>> {
        match self.usable() {
            Ok(held) => Ok(held),
            Err(unusable) => self.renewed(unusable).await,
        }
    }

    /// The current token, if it has not expired. Starts a renewal in the background if the token is about to expire or
    /// was refused.
    ///
    /// It may be one that the API refused. That may concern a single route only, so the token is used until there is
    /// another one.
    pub fn at_hand(self: &Arc<Self>) -> Option<Arc<CurrentToken>> {
        self.usable().ok()
    }

    /// The token at hand, or the one that has to be replaced, if there is one. It must not be looked up again: another
    /// thread may have replaced it meanwhile, and the new one would be exchanged in its place.
    fn usable(self: &Arc<Self>) -> std::result::Result<Arc<CurrentToken>, Option<Arc<CurrentToken>>> {
        let Some(held) = self.current.load_full() else { return Err(None) };
        match held.token.freshness(self.clock.now(), self.lead) {
            Freshness::Expired => return Err(Some(held)),
            Freshness::Fresh if !held.refused.load(Ordering::Relaxed) => {}
            // Callers that need the new token get the error of the renewal. This token can still be used.
            Freshness::Fresh | Freshness::Renewable => drop(self.join(Some(&held))),
        }
        Ok(held)
    }

    /// Like [`Self::at_hand`], but without tokens that the API refused, for a call that can be sent only once.
    pub fn unrefused_at_hand(self: &Arc<Self>) -> Option<Arc<CurrentToken>> {
        self.at_hand().filter(|held| !held.refused.load(Ordering::Relaxed))
    }

    /// A token for a call that can be sent only once. A token that the API refused is returned only if no other one can
    /// be obtained.
    pub async fn unrefused(self: &Arc<Self>) -> Result<Arc<CurrentToken>> {
        let held = self.token().await?;
        if !held.refused.load(Ordering::Relaxed) {
            return Ok(held);
        }
        Ok(self.replace(&held).await?.unwrap_or(held))
    }

    /// Starts the replacement of a token that `endpoint` answered with 401, for later calls.
    pub fn refuse(self: &Arc<Self>, refused: &Arc<CurrentToken>, endpoint: String) {
        refused.remember(endpoint, Unauthorized::Once);
        refused.refused.store(true, Ordering::Relaxed);
        drop(self.join(Some(refused)));
    }

    /// A token in place of one that the API answered with 401. `None` if no other can be obtained for now. Fails if
    /// none ever will be, because the grant has ended or the client is refused.
    pub async fn replace(self: &Arc<Self>, refused: &Arc<CurrentToken>) -> Result<Option<Arc<CurrentToken>>> {
        refused.refused.store(true, Ordering::Relaxed);
        match self.renewed(Some(Arc::clone(refused))).await {
            Ok(next) => Ok(Some(next)),
            Err(error) if error.is_transient() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts over after a new authorization, with its access token if there is one.
    pub(super) fn reset(&self, token: Option<AccessToken>) {
        let mut state = self.state();
        // Callers that wait for the exchange in flight join a new one. The old one continues, since its result must
        // still be stored.
        *state = ExchangeState { authorization: state.authorization + 1, ..ExchangeState::default() };
        self.current.store(token.map(hold));
    }

    /// How long a call has to wait before it repeats the first exchange of this process, which failed with this error.
    /// `None` if it must not be repeated.
    pub fn repeat_after(&self, error: &Error) -> Option<Duration> {
        if self.current.load().is_some() || !self.exchange.may_repeat(error) {
            return None;
        }
        let state = self.state();
        let pause = state.pause.as_ref().filter(|pause| pause.length <= LONGEST_REPEAT)?;
        Some(pause.length.saturating_sub(self.clock.now().since(pause.start)))
    }

    async fn renewed(self: &Arc<Self>, held: Option<Arc<CurrentToken>>) -> Result<Arc<CurrentToken>> {
        loop {
            let mut running = match self.join(held.as_ref())? {
                Joined::Running(running) => running,
                Joined::Already(held) => return Ok(held),
            };
            match running.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(ExchangeOutcome::Result(result))) => return result.clone(),
                Ok(Some(ExchangeOutcome::Outdated)) => {}
                _ => return Err(Error::Internal { problem: "a token exchange ended without a result" }),
            }
        }
    }

    /// Joins the exchange that replaces `held`, or starts it.
    fn join(self: &Arc<Self>, held: Option<&Arc<CurrentToken>>) -> Result<Joined> {
        let mut state = self.state();
        // Another caller may have obtained a token since this one looked.
        if let Some(current) = self.current.load_full()
            && !held.is_some_and(|held| Arc::ptr_eq(held, &current))
        {
            return Ok(Joined::Already(current));
        }
        if let Some(running) = &state.running {
            return Ok(Joined::Running(running.clone()));
        }
        if let Some(pause) = &state.pause
            && self.clock.now().since(pause.start) < pause.length
        {
            return Err(pause.error.clone());
        }
        let (outcome, running) = watch::channel(None);
        state.running = Some(running.clone());
        let (authorization, began) = (state.authorization, self.clock.now());
        let exchange = spawn(Arc::clone(&self.exchange).next(held.cloned()));
        let (source, held) = (Arc::clone(self), held.cloned());
        spawn(async move {
            // A panic in the exchange must not leave callers waiting forever.
            let result =
                exchange.await.unwrap_or(Err(Error::Internal { problem: "a token exchange panicked" }));
            observe(|| Some(source.observation(began, &result)));
            outcome.send_replace(Some(source.finish(authorization, held.as_deref(), result)));
            reach("published");
        });
        Ok(Joined::Running(running))
    }

    /// Whose tokens these are.
    pub fn owner(&self) -> TokenOwner {
        self.exchange.owner()
    }

    fn observation(&self, began: Moment, result: &Result<AccessToken>) -> Observation {
        let now = self.clock.now();
        Observation::Token {
            owner: self.owner(),
            took: now.since(began),
            outcome: result
                .as_ref()
                .map(|token| token.lifetime.saturating_sub(now.since(token.issued)))
                .map_err(Clone::clone),
        }
    }

    /// Records the outcome of the exchange that replaces `held`.
    fn finish(
        &self,
        authorization: u64,
        held: Option<&CurrentToken>,
        result: Result<AccessToken>,
    ) -> ExchangeOutcome {
        let mut state = self.state();
        if state.authorization != authorization {
            return ExchangeOutcome::Outdated;
        }
        state.running = None;
        ExchangeOutcome::Result(match result {
            Ok(token) => {
                state.failures = 0;
                state.pause = None;
                let next = hold(token);
                if let Some(held) = held.filter(|held| held.refused.load(Ordering::Relaxed)) {
                    // The token was renewed because one route refused it. Known denials of other routes still hold.
                    *next.unauthorized() = held.inherited();
                }
                self.current.store(Some(Arc::clone(&next)));
                Ok(next)
            }
            Err(error) => {
                state.failures = state.failures.saturating_add(1);
                let length = wait_after(&error, state.failures, random::fraction());
                state.pause = Some(Pause { start: self.clock.now(), length, error: error.clone() });
                Err(error)
            }
        })
    }

    fn state(&self) -> MutexGuard<'_, ExchangeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Joined {
    Running(Running),
    Already(Arc<CurrentToken>),
}

pub(super) fn hold(token: AccessToken) -> Arc<CurrentToken> {
    Arc::new(CurrentToken { token, refused: AtomicBool::new(false), unauthorized: Mutex::default() })
}

/// How long to wait after the `failures`-th failure in a row. `fraction` in `[0, 1)` is the jitter.
fn wait_after(error: &Error, failures: u32, fraction: f64) -> Duration {
    let most = match error {
        _ if error.is_lasting_refusal() => return WAIT_AFTER_REFUSAL,
        // Only the store is asked in this case, and a new authorization may appear in it at any moment.
        Error::ReauthorizationRequired { .. } | Error::UnknownGrant { .. } => return Duration::ZERO,
        Error::Store { .. } => LONGEST_WAIT_FOR_STORE,
        _ => LONGEST_WAIT,
    };
    let longest = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
    let wait = longest / 2 + (longest / 2).mul_f64(fraction);
    // The server's own `Retry-After` is the least wait.
    wait.max(error.token_retry_after().unwrap_or_default())
}

#[cfg(test)]
#[cfg(feature = "models")]
mod models;
#[cfg(test)]
mod tests;

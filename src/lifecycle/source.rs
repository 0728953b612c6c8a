//! [`TokenSource`]: one credential's access token, as fresh as it needs to be.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use crate::clock::{Clock, Moment};
use crate::error::{Error, Result};
use crate::random;
use crate::token::{AccessToken, Freshness};
use crate::torture::reach;

/// A token is renewed at least this long before its end.
const LEAST_LEAD: Duration = Duration::from_secs(240);
/// And up to this much longer: spreads the renewals of many processes that got the same token.
const LEAD_SPREAD: Duration = Duration::from_secs(120);
/// The wait after a first failed exchange; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after failures that pass by themselves: what a recovery can take at most.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// The longest wait after failures of the store: renewals go on within five seconds after it has failed over.
const LONGEST_WAIT_FOR_STORE: Duration = Duration::from_secs(3);
/// The longest wait for which a call waits to repeat the first exchange of a process. A server that asks for more, by
/// `Retry-After`, is reported at once.
const LONGEST_REPEAT: Duration = Duration::from_secs(5);
/// The wait after a refusal that only somebody's change can end. Not for ever: the change may be at the server.
const WAIT_AFTER_REFUSAL: Duration = Duration::from_secs(300);
/// Endpoints whose 401 is remembered: many more than there are, in case that ids are taken for names.
const MOST_ENDPOINTS: usize = 1024;

/// Gets the next access token.
pub(super) trait Exchange: fmt::Debug + Send + Sync {
    /// Gets a token other than `held`, which is too old or was refused.
    ///
    /// Runs in a task of its own, whoever waits for it.
    fn next(self: Arc<Self>, held: Option<Arc<CurrentToken>>) -> ExchangeFuture;

    /// Whether an exchange that failed with this error may be made again for the sake of a call that waits.
    fn may_repeat(&self, error: &Error) -> bool;
}

/// The future of [`Exchange::next`].
pub(super) type ExchangeFuture = Pin<Box<dyn Future<Output = Result<AccessToken>> + Send>>;

/// An access token in use, and what was learnt with it.
#[derive(Debug)]
pub struct CurrentToken {
    /// The token.
    pub token: AccessToken,
    /// The API answered 401 to it. It is replaced if it can be, and used on if not.
    refused: AtomicBool,
    /// Which endpoints answered 401, by the caller's names for them.
    unauthorized: Mutex<HashMap<String, Unauthorized>>,
}

/// What a 401 of an endpoint is known to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unauthorized {
    /// Nothing yet: it was the first.
    Once,
    /// Nothing yet, but the token is another since. The next 401 is a denial.
    Renewed,
    /// A permission denial: a new token changed nothing.
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

    /// Whether this token came in place of one that `endpoint` answered with 401, and has not been accepted there.
    pub fn renewed_for(&self, endpoint: &str) -> bool {
        self.unauthorized().get(endpoint) == Some(&Unauthorized::Renewed)
    }

    /// Remembers that an endpoint took this token: its next 401 is a first one. The endpoint is only named if that
    /// matters.
    pub fn accept(&self, endpoint: impl FnOnce() -> String) {
        let mut unauthorized = self.unauthorized();
        if !unauthorized.is_empty() {
            unauthorized.remove(&endpoint());
        }
    }

    /// What of this is still known with the token that replaces this one.
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

/// One credential's access token: read without a lock while fresh, renewed in the background while it may still
/// be used, waited for when it may not.
#[derive(Debug)]
pub struct TokenSource {
    current: ArcSwapOption<CurrentToken>,
    state: Mutex<ExchangeState>,
    exchange: Arc<dyn Exchange>,
    clock: Arc<dyn Clock>,
    lead: Duration,
}

/// The exchange that is running, and what is known from the ones that failed.
#[derive(Debug, Default)]
struct ExchangeState {
    running: Option<Running>,
    /// Counts authorizations: an exchange of an earlier one is of no use any more.
    authorization: u64,
    failures: u32,
    pause: Option<Pause>,
}

/// Tells when the exchange that is running has landed.
type Running = watch::Receiver<Option<ExchangeOutcome>>;

/// What an exchange came to.
#[derive(Debug, Clone)]
enum ExchangeOutcome {
    Result(Result<Arc<CurrentToken>>),
    /// A new authorization has come in between.
    Outdated,
}

/// Until `length` has passed since `start`, callers get `error` instead of another exchange.
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

    /// A token to use now. Waits for an exchange only if there is none.
    pub async fn token(self: &Arc<Self>) -> Result<Arc<CurrentToken>> {
        match self.at_hand() {
            Some(held) => Ok(held),
            None => self.renewed(self.current.load_full()).await,
        }
    }

    /// The token to use now, if there is one that has not expired.
    ///
    /// It may be one that the API refused, perhaps for what a single route denies: while there is no other it is the
    /// best there is.
    pub fn at_hand(self: &Arc<Self>) -> Option<Arc<CurrentToken>> {
        let held = self.current.load_full()?;
        match held.token.freshness(self.clock.now(), self.lead) {
            Freshness::Expired => return None,
            Freshness::Fresh if !held.refused.load(Ordering::Relaxed) => {}
            // What becomes of it is for those to see who need it: this token is still good.
            Freshness::Fresh | Freshness::Renewable => drop(self.join(Some(&held))),
        }
        Some(held)
    }

    /// The same, but one that the API refused is not at hand for a call that can be sent only once.
    pub fn unrefused_at_hand(self: &Arc<Self>) -> Option<Arc<CurrentToken>> {
        self.at_hand().filter(|held| !held.refused.load(Ordering::Relaxed))
    }

    /// A token for a call that can be sent only once: one that the API refused only while there is no other.
    pub async fn unrefused(self: &Arc<Self>) -> Result<Arc<CurrentToken>> {
        let held = self.token().await?;
        if !held.refused.load(Ordering::Relaxed) {
            return Ok(held);
        }
        Ok(self.replace(&held).await?.unwrap_or(held))
    }

    /// Has a token replaced that `endpoint` answered with 401, for the calls to come.
    pub fn refuse(self: &Arc<Self>, refused: &Arc<CurrentToken>, endpoint: String) {
        refused.remember(endpoint, Unauthorized::Once);
        refused.refused.store(true, Ordering::Relaxed);
        drop(self.join(Some(refused)));
    }

    /// A token in place of one that the API answered with 401; none while there is no other to be had. An error says
    /// that there never will be: the grant has ended, or the client is refused.
    pub async fn replace(self: &Arc<Self>, refused: &Arc<CurrentToken>) -> Result<Option<Arc<CurrentToken>>> {
        refused.refused.store(true, Ordering::Relaxed);
        match self.renewed(Some(Arc::clone(refused))).await {
            Ok(next) => Ok(Some(next)),
            Err(error) if error.is_transient() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts afresh after a new authorization, with its access token if there is one.
    pub(super) fn reset(&self, token: Option<AccessToken>) {
        let mut state = self.state();
        // Who waits for the exchange that is running asks again; it goes on, for the store's sake.
        *state = ExchangeState { authorization: state.authorization + 1, ..ExchangeState::default() };
        self.current.store(token.map(hold));
    }

    /// How long a call that waits for the first token of this process has to wait before it asks again, after an exchange
    /// that failed with this error. None: it must not.
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

    /// Joins the exchange that replaces `held`, starting it if nobody has.
    fn join(self: &Arc<Self>, held: Option<&Arc<CurrentToken>>) -> Result<Joined> {
        let mut state = self.state();
        // Another caller may have landed since ours looked.
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
        let authorization = state.authorization;
        let exchange = tokio::spawn(Arc::clone(&self.exchange).next(held.cloned()));
        let (source, held) = (Arc::clone(self), held.cloned());
        tokio::spawn(async move {
            // A panic in there must not leave everybody waiting for ever.
            let result =
                exchange.await.unwrap_or(Err(Error::Internal { problem: "a token exchange panicked" }));
            outcome.send_replace(Some(source.finish(authorization, held.as_deref(), result)));
            reach("published");
        });
        Ok(Joined::Running(running))
    }

    /// Takes in what the exchange in place of `held` came to.
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
                    // Renewed for the sake of one route: what others are known to deny, they still do.
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

/// How long nobody asks again after the `failures`-th failure in a row. `fraction` in `[0, 1)` is the jitter.
fn wait_after(error: &Error, failures: u32, fraction: f64) -> Duration {
    let most = match error {
        _ if error.is_lasting_refusal() => return WAIT_AFTER_REFUSAL,
        // The store is asked, not the server: a new authorization may be in it any moment.
        Error::ReauthorizationRequired { .. } | Error::UnknownGrant { .. } => return Duration::ZERO,
        Error::Store { .. } => LONGEST_WAIT_FOR_STORE,
        _ => LONGEST_WAIT,
    };
    let longest = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
    let wait = longest / 2 + (longest / 2).mul_f64(fraction);
    // Not before the server wants to be asked again.
    wait.max(error.token_retry_after().unwrap_or_default())
}

#[cfg(test)]
mod tests;

//! The steps of one call in one visible loop: permit, connection, token, transport, decision.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;
use tokio::sync::OwnedSemaphorePermit;

use super::deadline::Deadline;
use super::deprecation::warn_if_deprecated;
use super::permission;
use super::retry::{Answer, Attempt, Decision, decide, decide_led, is_idempotent, pause, retry_after};
use super::trace::Trace;
use super::{Authorizer, Client};
use crate::error::{Destination, Error, Phase, Result};
use crate::http::Next;
use crate::http::{
    Authorization, BodySink, Request, Response, ResponseBody, Transport, UntilEnd as _, read_error,
};
use crate::lifecycle::{CurrentToken, Grant, TokenSource};
use crate::limit::{Connection, Endpoint, Endpoints, LimitHeaders, Permit};
use crate::operations;
use crate::random;

/// How many bytes of a body are read ahead of its reader, and the most that is read of an error's body.
const READ_AT_ONCE: usize = 64 * 1024;
/// A renewed token that is older than this, which happens if another process obtained it, may have been revoked like
/// its predecessor. Its 401 is then no proof of a permission denial. Longer than an exchange takes.
const RECENT: Duration = Duration::from_secs(90);
/// How long the body of an unsuccessful answer is waited for.
const ERROR_PATIENCE: Duration = Duration::from_secs(10);
/// How many turns of the runtime a short body gets to arrive completely.
const TURNS: usize = 3;

impl Client {
    /// Sends a request and reads the whole answer. An unsuccessful answer (other than 2xx) is an [`Error::Api`].
    ///
    /// Drop the future to cancel the call at any point. A token exchange that it waits for continues.
    pub async fn send(&self, request: &Request) -> Result<Response<Bytes>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let limit = self.max_body_size;
        let whole = async {
            let sent = self.attempts(request, &deadline, Some(limit)).await?;
            if sent.response.status.is_success() {
                sent.whole(limit).await
            } else {
                Err(self.refused(request, sent, &deadline).await)
            }
        };
        deadline.keep(pin!(whole)).await.map_err(|error| self.explain(request, &deadline, error))
    }

    /// Sends a request and returns the answer once its headers have arrived, whatever its status.
    pub async fn open(&self, request: &Request) -> Result<Response<OpenBody>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let sent = deadline.keep(pin!(self.attempts(request, &deadline, None))).await;
        Ok(sent
            .map_err(|error| self.explain(request, &deadline, error))?
            .open(request, &self.transport)
            .await)
    }

    /// Like [`Self::open`], except that an unsuccessful answer (other than 2xx) is an [`Error::Api`].
    pub async fn open_success(&self, request: &Request) -> Result<Response<OpenBody>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let open = async {
            let sent = self.attempts(request, &deadline, None).await?;
            if sent.response.status.is_success() {
                Ok(sent.open(request, &self.transport).await)
            } else {
                Err(self.refused(request, sent, &deadline).await)
            }
        };
        deadline.keep(pin!(open)).await.map_err(|error| self.explain(request, &deadline, error))
    }

    /// The error that an unsuccessful answer describes, read from what arrived of its body.
    async fn refused(&self, request: &Request, sent: Sent, deadline: &Deadline) -> Error {
        let Sent { response, authorization, token } = sent;
        let Response { status, headers, mut body, url: redirected, .. } = response;
        // The status says enough: a body that does not end must not turn it into a timeout.
        let patience = ERROR_PATIENCE.min(deadline.left() / 2);
        let _ = tokio::time::timeout(patience, body.read_ahead(READ_AT_ONCE)).await;
        let mut error = read_error(status, &headers, &body.take_ahead(), &authorization);
        // After a redirect, another operation or server refused the request.
        if status == StatusCode::FORBIDDEN && redirected.is_none() {
            let operation = operations::find(request.method.as_str(), request.target.expanded_path());
            let granted = token.as_ref().map_or(&[][..], |current| &current.token.scopes);
            error.permission =
                permission::explain(operation, self.kind, granted, |scope| authorization.hidden_in(scope));
        }
        Error::Api(Box::new(error))
    }

    /// Completes the error of a call with where the request went and whether it was sent.
    fn explain(&self, request: &Request, deadline: &Deadline, error: Error) -> Error {
        let url = request.target.url();
        self.blame_unread(request, error)
            .on_the_way(deadline.progress.left_before(), || self.transport.destination(url))
            .about(&request.method, url)
    }

    /// Replaces a timeout of the queue by a more precise error, if unread answers hold the places that the call waited
    /// for.
    fn blame_unread(&self, request: &Request, error: Error) -> Error {
        let Error::Timeout { phase: Phase::Queue, limit, .. } = error else { return error };
        let paced = self
            .pacing
            .as_ref()
            .and_then(|pacing| pacing.unread(&pacing.endpoints().of(&request.method, &request.target)));
        let unread = paced.or_else(|| Some(("the API".to_owned(), self.transport.unread()?)));
        unread.map_or(error, |(of, count)| Error::AnswersUnread { of, count, limit, to: None })
    }

    /// Sends a request until its outcome is final. With `buffer`, the first `buffer` bytes of a successful answer's
    /// body are part of the outcome, so that a failure while reading them can be retried.
    async fn attempts(&self, request: &Request, deadline: &Deadline, buffer: Option<usize>) -> Result<Sent> {
        self.budget.deposit();
        let progress = &deadline.progress;
        let route = Route { endpoints: &self.endpoints, request, endpoint: OnceLock::new() };
        if let Some(operation) = route.endpoint().operation() {
            warn_if_deprecated(operation);
        }
        let mut credential = match &self.authorizer {
            Authorizer::Fixed(authorization) => Session::Fixed(authorization),
            Authorizer::Tokens(source) | Authorizer::Grant(Grant { source, .. }) => {
                Session::Tokens { source, held: None, once: !request.body.is_replayable() }
            }
        };
        let mut attempt = Attempt {
            retries: 0,
            most: self.retries,
            idempotent: request.idempotent || is_idempotent(&request.method),
            replayable: request.body.is_replayable(),
            renewable: matches!(credential, Session::Tokens { .. }),
            reauthorized: false,
            denied: false,
        };
        let mut trace = Trace::new(request.observer.as_ref(), &*self.clock);
        loop {
            trace.begin();
            let mut permit = self.permit(&route, &attempt, deadline).await?;
            trace.has_turn();
            let (connection, authorization) = self.connect(&mut credential, deadline).await?;
            if let Some(permit) = &mut permit {
                if attempt.is_first() {
                    deadline.refuse_if_late(permit, || route.name())?;
                }
                permit.leaves();
            }
            trace.leave();
            let mut outcome = self.transport.send(request, &authorization, connection, progress).await;
            let paused = permit.and_then(|permit| self.settle(permit, &mut outcome));
            if let (Some(limit), Ok(response)) = (buffer, &mut outcome)
                && response.status.is_success()
            {
                response.body.read_ahead(limit).await;
                if let Some(failure) = response.body.failure() {
                    outcome = Err(failure.clone());
                }
            }
            if !matches!(outcome, Err(Error::ConnectTimeout { .. } | Error::Network { sent: false, .. })) {
                progress.leave_behind();
            }
            let answer = outcome.as_ref().map(|response| self.read(response, paused)).map_err(Clone::clone);
            credential.recall(&route, &answer, &mut attempt);
            let decision = match &outcome {
                Ok(Response { url: Some(_), status, authorized, .. }) => {
                    decide_led(attempt, *status, *authorized)
                }
                _ => decide(attempt, &answer, random::fraction),
            };
            // Reading the body to its end frees the connection for other calls during the wait, and lets it be reused.
            match (decision, &mut outcome) {
                (Decision::Reauthorize, Ok(response)) => response.body.cut(READ_AT_ONCE).await,
                (Decision::Retry(_) | Decision::RetryFreely(_), Ok(response)) => {
                    response.body.read_ahead(READ_AT_ONCE).await;
                }
                _ => {}
            }
            match decision {
                Decision::Return => {}
                Decision::ReturnDenied => credential.deny(&route),
                Decision::ReturnRefused => credential.refuse(&route),
                Decision::Reauthorize => {
                    trace.end(&outcome, &authorization, paused, Next::Reauthorize);
                    progress.enter(Phase::Token);
                    if let Some(next) = credential.renew().await? {
                        attempt.reauthorized = self.clock.now().since(next.token.issued) < RECENT;
                        continue;
                    }
                }
                Decision::Retry(after) | Decision::RetryFreely(after) => {
                    let wait = tokio::time::sleep(after);
                    let is_free = matches!(decision, Decision::RetryFreely(_));
                    // A `Retry-After` beyond the deadline makes this answer final.
                    if wait.deadline() < deadline.at && (is_free || self.budget.withdraw()) {
                        trace.end(&outcome, &authorization, paused, Next::Retry(after));
                        drop(outcome);
                        // After a 429 the limits pause the whole endpoint, and this call waits there.
                        if paused.is_none() {
                            progress.enter(Phase::Retry);
                            wait.await;
                        }
                        attempt.retries += 1;
                        continue;
                    }
                }
            }
            trace.end(&outcome, &authorization, paused, Next::End);
            return outcome.map(|response| Sent { response, authorization, token: credential.into_held() });
        }
    }

    /// Waits until the API's limits allow this request.
    async fn permit(
        &self,
        route: &Route<'_>,
        attempt: &Attempt,
        deadline: &Deadline,
    ) -> Result<Option<Permit>> {
        let Some(pacing) = &self.pacing else { return Ok(None) };
        deadline.progress.enter(Phase::Queue);
        let (endpoint, priority) = (route.endpoint(), route.request.priority);
        if attempt.is_first() {
            let (wait, left) = (pacing.least_wait(endpoint, priority), deadline.left());
            if wait > left {
                return Err(Error::NoTurnInTime { endpoint: route.name(), wait, left });
            }
        }
        pacing.admit(endpoint, priority, !attempt.is_first()).await.map(Some)
    }

    /// Reports the outcome of a request to the limits. The answer's body keeps the permit until it was read. After a
    /// 429, returns how long the endpoint is paused.
    fn settle(&self, mut permit: Permit, outcome: &mut Result<Response>) -> Option<Duration> {
        let response = match outcome {
            Ok(response) => response,
            Err(Error::ConnectTimeout { .. } | Error::Network { sent: false, .. }) => {
                permit.never_left();
                return None;
            }
            // Dropping the permit counts the request, since the server may have received it.
            Err(_) => return None,
        };
        if response.url.is_some() {
            // After a redirect, the answer's headers describe the limits of another endpoint or server.
            permit.answered(&LimitHeaders::default(), Connection::New);
            if response.authorized {
                response.body.hold(Box::new(permit));
            } else {
                permit.ended();
            }
            return None;
        }
        let headers = LimitHeaders::read(&response.headers);
        let connected = self.transport.was_connected(response);
        permit.answered(&headers, if connected { Connection::Reused } else { Connection::New });
        let paused = if response.status == StatusCode::TOO_MANY_REQUESTS {
            let asked = self.read(response, None).retry_after;
            let paused = pause(asked, permit.refusals_before(), random::fraction());
            permit.refused(paused, &headers);
            Some(paused)
        } else {
            permit.taken();
            None
        };
        response.body.hold(Box::new(permit));
        paused
    }

    /// Waits for a free connection and a usable token. It never waits for one while it holds the other, so that the
    /// token cannot expire in the queue and no connection idles during an exchange.
    async fn connect(
        &self,
        credential: &mut Session<'_>,
        deadline: &Deadline,
    ) -> Result<(OwnedSemaphorePermit, Authorization)> {
        let progress = &deadline.progress;
        progress.enter(Phase::Queue);
        let permit = self.transport.admit().await?;
        if let Some(authorization) = credential.at_hand() {
            return Ok((permit, authorization?));
        }
        drop(permit);
        progress.enter(Phase::Token);
        let obtained = self.obtain(credential, deadline).await?;
        progress.enter(Phase::Queue);
        let permit = self.transport.admit().await?;
        // A token that expired in this queue is sent anyway, and the API refuses it. Waiting for another one could
        // repeat forever where tokens live shorter than the queue.
        Ok((permit, credential.at_hand().unwrap_or(Ok(obtained))?))
    }

    /// Waits for a token. A process's first exchange is repeated within the deadline if it may be, so that a short
    /// outage of the authorization server does not fail the first calls after a start.
    async fn obtain(&self, credential: &mut Session<'_>, deadline: &Deadline) -> Result<Authorization> {
        let mut repeats = 0;
        loop {
            let error = match credential.obtain().await {
                Ok(authorization) => return Ok(authorization),
                Err(error) => error,
            };
            match credential.repeat_after(&error) {
                Some(wait) if repeats < self.retries && wait < deadline.left() => {
                    repeats += 1;
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// What the decision needs of an answer. `paused` is how long the limits pause its endpoint, if they do.
    fn read(&self, response: &Response, paused: Option<Duration>) -> Answer {
        let value = response.headers.get(RETRY_AFTER).map(http::HeaderValue::as_bytes);
        let asked = value.and_then(|value| retry_after(Some(value), self.clock.now().unix_millis() / 1000));
        Answer { status: response.status, retry_after: paused.or(asked) }
    }
}

/// The endpoint of a call, determined on first use.
struct Route<'a> {
    endpoints: &'a Endpoints,
    request: &'a Request,
    endpoint: OnceLock<Endpoint>,
}

impl Route<'_> {
    fn endpoint(&self) -> &Endpoint {
        self.endpoint.get_or_init(|| self.endpoints.of(&self.request.method, &self.request.target))
    }

    fn name(&self) -> String {
        self.endpoint().name().to_owned()
    }
}

/// The answer to the last attempt, and the authorization that was sent.
struct Sent {
    response: Response,
    authorization: Authorization,
    /// The token of the authorization, if the credential has tokens.
    token: Option<Arc<CurrentToken>>,
}

impl Sent {
    async fn whole(self, limit: usize) -> Result<Response<Bytes>> {
        let (response, body) = self.response.take_body();
        Ok(response.with_body(body.collect(limit).await?))
    }

    /// Returns the answer with its open body. A short body usually arrives with its headers, so a few turns of the
    /// runtime are spent on reading it completely.
    async fn open(self, request: &Request, transport: &Transport) -> Response<OpenBody> {
        let (response, mut body) = self.response.take_body();
        for _ in 0..TURNS {
            body.read_ready(READ_AT_ONCE);
            if !body.is_open() {
                break;
            }
            tokio::task::yield_now().await;
        }
        transport.hand_over(&mut body);
        let url = response.url.as_ref().unwrap_or_else(|| request.target.url());
        let from = Arc::new(transport.destination(url));
        response.with_body(OpenBody { body, timeout: request.timeout, from })
    }
}

/// The credential of one call, and the token that the call used last.
enum Session<'a> {
    Fixed(&'a Authorization),
    /// A credential whose tokens can be renewed. `once` says that the call's body cannot be sent again.
    Tokens {
        source: &'a Arc<TokenSource>,
        held: Option<Arc<CurrentToken>>,
        once: bool,
    },
}

impl Session<'_> {
    /// The authorization that can be used without waiting, if there is one.
    fn at_hand(&mut self) -> Option<Result<Authorization>> {
        match self {
            Self::Fixed(authorization) => Some(Ok(authorization.clone())),
            Self::Tokens { source, held, once } => {
                let token = if *once { source.unrefused_at_hand() } else { source.at_hand() };
                Some(Self::of(token?, held))
            }
        }
    }

    async fn obtain(&mut self) -> Result<Authorization> {
        match self {
            Self::Fixed(authorization) => Ok(authorization.clone()),
            Self::Tokens { source, held, once: true } => Self::of(source.unrefused().await?, held),
            Self::Tokens { source, held, once: false } => Self::of(source.token().await?, held),
        }
    }

    /// How long to wait before repeating the first exchange of a credential, if it may be repeated.
    fn repeat_after(&self, error: &Error) -> Option<Duration> {
        match self {
            Self::Fixed(_) => None,
            Self::Tokens { source, .. } => source.repeat_after(error),
        }
    }

    fn of(token: Arc<CurrentToken>, held: &mut Option<Arc<CurrentToken>>) -> Result<Authorization> {
        let authorization = Authorization::bearer(&token.token.value);
        *held = Some(token);
        authorization
    }

    /// The token that was used last, if the credential has tokens.
    fn into_held(self) -> Option<Arc<CurrentToken>> {
        match self {
            Self::Fixed(_) => None,
            Self::Tokens { held, .. } => held,
        }
    }

    /// Obtains another token in place of the one that was used. `None` if there is no other.
    async fn renew(&mut self) -> Result<Option<Arc<CurrentToken>>> {
        match self {
            Self::Tokens { source, held: Some(held), .. } => source.replace(held).await,
            _ => Ok(None),
        }
    }

    /// Adds to an attempt what earlier calls learnt about a 401 of this endpoint. Any other answer is remembered as the
    /// endpoint's acceptance of the token.
    fn recall(&self, route: &Route<'_>, answer: &Result<Answer>, attempt: &mut Attempt) {
        let (Self::Tokens { held: Some(held), .. }, Ok(answer)) = (self, answer) else { return };
        if answer.status == StatusCode::UNAUTHORIZED {
            let endpoint = route.endpoint().name();
            attempt.denied = held.denies(endpoint);
            attempt.reauthorized |= held.renewed_for(endpoint);
        } else {
            held.accept(|| route.name());
        }
    }

    fn deny(&self, route: &Route<'_>) {
        if let Self::Tokens { held: Some(held), .. } = self {
            held.deny(route.name());
        }
    }

    /// Starts the replacement of the token, without waiting for it.
    fn refuse(&self, route: &Route<'_>) {
        if let Self::Tokens { source, held: Some(held), .. } = self {
            source.refuse(held, route.name());
        }
    }
}

/// The body of an opened answer. Read it to its end or drop it, since it holds a connection and a place in the limits.
#[derive(Debug)]
pub struct OpenBody {
    body: ResponseBody,
    timeout: Duration,
    /// Where the answer comes from, for errors.
    from: Arc<Destination>,
}

/// How much of a body had arrived with its headers.
#[derive(Debug)]
pub enum Opened {
    /// The whole body.
    Whole(Bytes),
    /// A part of the body at most.
    Open(Box<OpenBody>),
}

impl OpenBody {
    /// The whole body if it has arrived, or else the open body.
    pub fn opened(mut self) -> Opened {
        self.body.take_whole().map_or_else(|| Opened::Open(Box::new(self)), Opened::Whole)
    }

    /// Copies what has arrived to `sink`, which must have room. Waits if nothing has arrived, and fails with
    /// [`Error::Timeout`] if nothing does within the request's timeout. Returns false at the end of the body. Dropping the
    /// future loses nothing: what it has read is in the sink.
    pub async fn read(&mut self, sink: &mut impl BodySink) -> Result<bool> {
        let deadline = Deadline::new(self.timeout);
        deadline.progress.enter(Phase::Body);
        let read = deadline.keep(pin!(self.body.read(sink))).await;
        read.map_err(|error| error.on_the_way(true, || Destination::clone(&self.from)))
    }

    /// Copies what has arrived to `sink`, as far as it has room, without waiting for more.
    pub async fn top_up(&mut self, sink: &mut impl BodySink) {
        self.body.top_up(sink).await;
    }

    /// Copies the body to `sink` until that is full or the body ends. Dropping the future loses nothing.
    pub async fn fill(&mut self, sink: &mut impl BodySink) {
        self.body.fill(sink).await;
    }
}

//! One call: permit, token, connection, transport, decision, in one visible loop.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::retry::{Answer, Attempt, Decision, decide, decide_led, is_idempotent, pause, retry_after};
use super::{Authorizer, Client};
use crate::clock::instant;
use crate::error::{Error, Phase, Result};
use crate::http::{
    Authorization, Progress, Request, Response, ResponseBody, Transport, UntilEnd as _, read_error,
};
use crate::lifecycle::{Grant, Held, TokenSource};
use crate::limit::{Connection, Endpoint, Endpoints, LimitHeaders, Permit};
use crate::random;

/// How much of a body is read ahead of who reads it, and of an error at all, in bytes.
const READ_AT_ONCE: usize = 64 * 1024;
/// A token that is older than this may have been revoked as the one before it was, where somebody else got it: that it
/// is refused, too, does not yet make a denial. Longer than an exchange takes.
const RECENT: Duration = Duration::from_secs(90);
/// How often the runtime gets to bring the rest of a short body.
const TURNS: usize = 3;

impl Client {
    /// Sends a request and reads the answer to its end. An answer that is no success (2xx) is an [`Error::Api`].
    ///
    /// Drop the future to cancel the call wherever it is; a token exchange that it waits for goes on.
    pub async fn send(&self, request: &Request) -> Result<Response<Bytes>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let limit = self.max_body_size;
        let whole = async { self.attempts(request, &deadline, Some(limit)).await?.whole(limit).await };
        deadline.keep(pin!(whole)).await.map_err(|error| self.explain(request, &deadline, error))
    }

    /// Sends a request and hands up the answer, whatever its status, when its headers are there.
    pub async fn open(&self, request: &Request) -> Result<Response<OpenBody>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let sent = deadline.keep(pin!(self.attempts(request, &deadline, None))).await;
        Ok(sent
            .map_err(|error| self.explain(request, &deadline, error))?
            .open(request.timeout, &self.transport)
            .await)
    }

    /// The same, but an answer that is no success (2xx) is an [`Error::Api`].
    pub async fn open_success(&self, request: &Request) -> Result<Response<OpenBody>> {
        let _call = self.calls.begin()?;
        let deadline = Deadline::new(request.timeout);
        let open = async {
            let sent = self.attempts(request, &deadline, None).await?;
            if sent.response.status.is_success() {
                Ok(sent.open(request.timeout, &self.transport).await)
            } else {
                Err(sent.error().await)
            }
        };
        deadline.keep(pin!(open)).await.map_err(|error| self.explain(request, &deadline, error))
    }

    /// What the error of a call tells of it: where it went, and how far.
    fn explain(&self, request: &Request, deadline: &Deadline, error: Error) -> Error {
        let url = request.target.url();
        self.blame_unread(request, error)
            .on_the_way(deadline.progress.left_before(), || self.transport.destination(url))
            .about(&request.method, url)
    }

    /// Says so where answers that nobody reads on hold the places that a call waited for in vain.
    fn blame_unread(&self, request: &Request, error: Error) -> Error {
        let Error::Timeout { phase: Phase::Queue, limit, .. } = error else { return error };
        let paced = self
            .pacing
            .as_ref()
            .and_then(|pacing| pacing.unread(&pacing.endpoints().of(&request.method, &request.target)));
        let unread = paced.or_else(|| Some(("the API".to_owned(), self.transport.unread()?)));
        unread.map_or(error, |(of, count)| Error::AnswersUnread { of, count, limit, to: None })
    }

    /// Sends a request until its outcome is one to hand up. With `buffer`, the answer's body is part of the outcome,
    /// up to so many bytes.
    async fn attempts(&self, request: &Request, deadline: &Deadline, buffer: Option<usize>) -> Result<Sent> {
        self.budget.deposit();
        let progress = &deadline.progress;
        let route = Route { endpoints: &self.endpoints, request, endpoint: OnceLock::new() };
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
        loop {
            let mut permit = self.permit(&route, &attempt, deadline).await?;
            let (connection, authorization) = self.connect(&mut credential, deadline).await?;
            if let Some(permit) = &mut permit {
                if attempt.is_first() {
                    deadline.refuse_if_late(permit, &route)?;
                }
                permit.leaves();
            }
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
            // So that its connection is free for others while we wait, and can be used again.
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
                    progress.enter(Phase::Token);
                    if let Some(next) = credential.renew().await? {
                        attempt.reauthorized = self.clock.now().since(next.token.issued) < RECENT;
                        continue;
                    }
                }
                Decision::Retry(after) | Decision::RetryFreely(after) => {
                    let wait = tokio::time::sleep(after);
                    let is_free = matches!(decision, Decision::RetryFreely(_));
                    // A server that asks to come again after the deadline has given the last answer there can be.
                    if wait.deadline() < deadline.at && (is_free || self.budget.withdraw()) {
                        drop(outcome);
                        // After a 429 its whole endpoint waits so long, and this call with it.
                        if paused.is_none() {
                            progress.enter(Phase::Retry);
                            wait.await;
                        }
                        attempt.retries += 1;
                        continue;
                    }
                }
            }
            return outcome.map(|response| Sent { response, authorization });
        }
    }

    /// Waits for the turn of this request within the API's limits.
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

    /// Tells the limits what became of a request. The permit goes with the answer's body, to its end. After a 429, says
    /// how long the endpoint gets nothing.
    fn settle(&self, mut permit: Permit, outcome: &mut Result<Response>) -> Option<Duration> {
        let response = match outcome {
            Ok(response) => response,
            Err(Error::ConnectTimeout { .. } | Error::Network { sent: false, .. }) => {
                permit.never_left();
                return None;
            }
            // Dropped: the server may have it.
            Err(_) => return None,
        };
        if response.url.is_some() {
            // What another endpoint says, or another server, is not of this one's limits.
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

    /// Waits for a connection, and for a token that did not grow stale meanwhile; for neither while it holds the other.
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
        // A token that died in this queue is for the API to refuse: one that lives no longer would be asked for forever.
        Ok((permit, credential.at_hand().unwrap_or(Ok(obtained))?))
    }

    /// Waits for a token. Before there ever was one, an exchange that failed and may be repeated is, within the deadline:
    /// a process that starts must not fail its first calls for an authorization server that blinks.
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

    /// `paused` is how long the limits hold its endpoint back.
    fn read(&self, response: &Response, paused: Option<Duration>) -> Answer {
        let value = response.headers.get(RETRY_AFTER).map(http::HeaderValue::as_bytes);
        let asked = value.and_then(|value| retry_after(Some(value), self.clock.now().unix_millis() / 1000));
        Answer { status: response.status, retry_after: paused.or(asked) }
    }
}

/// Which endpoint a call goes to, found out when somebody asks.
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

/// What the last attempt came to, and with which authorization.
struct Sent {
    response: Response,
    authorization: Authorization,
}

impl Sent {
    async fn whole(self, limit: usize) -> Result<Response<Bytes>> {
        if !self.response.status.is_success() {
            return Err(self.error().await);
        }
        let Response { status, headers, body, url, authorized, connection } = self.response;
        Ok(Response { status, headers, body: body.collect(limit).await?, url, authorized, connection })
    }

    /// What the answer says of itself, as far as its body came and is no longer than errors are.
    async fn error(self) -> Error {
        let Response { status, headers, mut body, .. } = self.response;
        body.read_ahead(READ_AT_ONCE).await;
        Error::Api(Box::new(read_error(status, &headers, &body.take_ahead(), &self.authorization)))
    }

    /// A short body comes with its headers: a few turns of the runtime show whether it is whole.
    async fn open(self, timeout: Duration, transport: &Transport) -> Response<OpenBody> {
        let Response { status, headers, mut body, url, authorized, connection } = self.response;
        for _ in 0..TURNS {
            body.read_ready(READ_AT_ONCE);
            if !body.is_open() {
                break;
            }
            tokio::task::yield_now().await;
        }
        transport.hand_over(&mut body);
        Response { status, headers, body: OpenBody { body, timeout }, url, authorized, connection }
    }
}

/// The credential of one call, with the token that it uses.
enum Session<'a> {
    Fixed(&'a Authorization),
    /// `once` says that the call's body cannot be sent again.
    Tokens {
        source: &'a Arc<TokenSource>,
        held: Option<Arc<Held>>,
        once: bool,
    },
}

impl Session<'_> {
    /// The authorization that needs no waiting, if there is one.
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

    /// How long to wait before the first exchange of a credential is repeated, if it may be.
    fn repeat_after(&self, error: &Error) -> Option<Duration> {
        match self {
            Self::Fixed(_) => None,
            Self::Tokens { source, .. } => source.repeat_after(error),
        }
    }

    fn of(token: Arc<Held>, held: &mut Option<Arc<Held>>) -> Result<Authorization> {
        let authorization = Authorization::bearer(&token.token.value);
        *held = Some(token);
        authorization
    }

    /// Gets another token, if there is one.
    async fn renew(&mut self) -> Result<Option<Arc<Held>>> {
        match self {
            Self::Tokens { source, held: Some(held), .. } => source.replace(held).await,
            _ => Ok(None),
        }
    }

    /// Tells an attempt what earlier ones had learnt of a 401 like its own, or that the endpoint took the token.
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

    /// Has the token replaced, without waiting for it.
    fn refuse(&self, route: &Route<'_>) {
        if let Self::Tokens { source, held: Some(held), .. } = self {
            source.refuse(held, route.name());
        }
    }
}

/// The body of an answer that was opened: read it, or drop it.
#[derive(Debug)]
pub struct OpenBody {
    body: ResponseBody,
    timeout: Duration,
}

/// What of a body is there when its headers are.
#[derive(Debug)]
pub enum Opened {
    /// All of it.
    Whole(Bytes),
    /// Not all.
    Open(Box<OpenBody>),
}

impl OpenBody {
    /// The whole body, if it is there.
    pub fn opened(mut self) -> Opened {
        self.body.take_whole().map_or_else(|| Opened::Open(Box::new(self)), Opened::Whole)
    }

    /// The next parts: what is there already, `most` bytes at most. None at the end.
    pub async fn read(&mut self, most: usize) -> Result<Option<Vec<Bytes>>> {
        let deadline = Deadline::new(self.timeout);
        deadline.progress.enter(Phase::Body);
        deadline.keep(pin!(self.body.read(most))).await
    }

    /// Reads about `most` bytes for reads to come. Dropping the future loses nothing.
    pub async fn read_ahead(&mut self, most: usize) {
        self.body.read_ahead(most).await;
    }
}

/// Until when a call, or a read of its body, has to be done, and what it is doing.
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
    progress: Progress,
}

impl Deadline {
    pub(super) fn new(limit: Duration) -> Self {
        Self { at: tokio::time::sleep(limit).deadline(), limit, progress: Progress::default() }
    }

    /// How long until then.
    fn left(&self) -> Duration {
        self.at.saturating_duration_since(instant())
    }

    /// Refuses a call that waited for most of its time, if too little is left for an answer: it would be done, and
    /// reported as failed.
    fn refuse_if_late(&self, permit: &Permit, route: &Route<'_>) -> Result<()> {
        let left = self.left();
        match permit.usual_answer() {
            Some(usual) if left < usual && left < self.limit / 2 => {
                Err(Error::TurnTooLate { endpoint: route.name(), left, usual, to: None })
            }
            _ => Ok(()),
        }
    }

    /// Says what is being done from now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.progress.enter(phase);
    }

    /// `work` is pinned by the caller: a call's state is a few thousand bytes, which each wrapper would move again.
    pub(super) async fn keep<T>(&self, work: Pin<&mut impl Future<Output = Result<T>>>) -> Result<T> {
        tokio::time::timeout_at(self.at, work).await.unwrap_or_else(|_| {
            let (phase, sent) = (self.progress.phase(), self.progress.has_left());
            Err(Error::Timeout { phase, limit: self.limit, sent, to: None })
        })
    }
}

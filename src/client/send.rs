//! One call: permit, token, transport, decision, in one visible loop.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;

use super::retry::{Answer, Attempt, Decision, decide, is_idempotent, retry_after};
use super::{Authorizer, Call, Client};
use crate::error::{Error, Phase, Result};
use crate::http::{Authorization, Progress, Request, Response, ResponseBody, read_error};
use crate::lifecycle::{Held, TokenSource};
use crate::limit::Endpoint;
use crate::random;

/// How much of a body is read ahead of who reads it, in bytes.
const READ_AT_ONCE: usize = 64 * 1024;
/// How often the runtime gets to bring the rest of a short body.
const TURNS: usize = 3;

impl Client {
    /// Sends a request and reads the answer to its end. An answer that is no success (2xx) is an [`Error::Api`].
    ///
    /// Drop the future to cancel the call wherever it is; a token exchange that it waits for goes on.
    pub async fn send(&self, request: &Request) -> Result<Response<Bytes>> {
        let _call = self.calls.begin()?;
        let progress = Progress::default();
        let whole = async { self.attempts(request, &progress).await?.buffer(self.max_body_size).await };
        let response = within(request.timeout, &progress, whole).await?;
        if response.status.is_success() {
            Ok(response)
        } else {
            let error = read_error(response.status, &response.headers, &response.body);
            Err(Error::Api(Box::new(error)))
        }
    }

    /// Sends a request and hands up the answer, whatever its status, when its headers are there.
    pub async fn open(&self, request: &Request) -> Result<Response<OpenBody>> {
        let call = self.calls.begin()?;
        let progress = Progress::default();
        let response = within(request.timeout, &progress, self.attempts(request, &progress)).await?;
        let Response { status, headers, body, url } = response;
        let mut body =
            OpenBody { body, before: Vec::new(), after: None, timeout: request.timeout, _call: call };
        body.read_what_is_there().await;
        Ok(Response { status, headers, body, url })
    }

    /// The same, but an answer that is no success (2xx) is an [`Error::Api`].
    pub async fn open_success(&self, request: &Request) -> Result<Response<OpenBody>> {
        let response = self.open(request).await?;
        if response.status.is_success() {
            return Ok(response);
        }
        let body = response.body.collect(self.max_body_size).await?;
        Err(Error::Api(Box::new(read_error(response.status, &response.headers, &body))))
    }

    async fn attempts(&self, request: &Request, progress: &Progress) -> Result<Response> {
        self.budget.deposit();
        let mut credential = match &self.authorizer {
            Authorizer::Fixed(authorization) => Session::Fixed(authorization),
            Authorizer::Tokens(source) => Session::Tokens { source, held: None },
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
            // The permit comes first: a token must not grow stale in the queue.
            progress.enter(Phase::Queue);
            let permit = self.transport.admit().await?;
            progress.enter(Phase::Token);
            let authorization = credential.authorization().await?;
            let outcome = self.transport.send(request, &authorization, permit, progress).await;
            // What a redirect led to says nothing of the first request, which was processed, nor of its token.
            if outcome.as_ref().is_ok_and(|response| response.url.is_some()) {
                return outcome;
            }
            let answer = outcome.as_ref().map(|response| self.read(response)).map_err(Clone::clone);
            attempt.denied = credential.denies(request, &answer);
            match decide(attempt, &answer, random::fraction()) {
                Decision::Return => return outcome,
                Decision::ReturnDenied => {
                    credential.deny(request);
                    return outcome;
                }
                Decision::Reauthorize => {
                    progress.enter(Phase::Token);
                    if !credential.renew().await? {
                        return outcome;
                    }
                    attempt.reauthorized = true;
                }
                Decision::Retry(_) if !self.budget.withdraw() => return outcome,
                Decision::Retry(after) => {
                    progress.enter(Phase::Retry);
                    drop(outcome);
                    tokio::time::sleep(after).await;
                    attempt.retries += 1;
                }
            }
        }
    }

    fn read(&self, response: &Response) -> Answer {
        let value = response.headers.get(RETRY_AFTER).map(http::HeaderValue::as_bytes);
        let retry_after =
            value.and_then(|value| retry_after(Some(value), self.clock.now().unix_millis() / 1000));
        Answer { status: response.status, retry_after }
    }
}

/// The credential of one call, with the token that it uses.
enum Session<'a> {
    Fixed(&'a Authorization),
    Tokens { source: &'a std::sync::Arc<TokenSource>, held: Option<std::sync::Arc<Held>> },
}

impl Session<'_> {
    async fn authorization(&mut self) -> Result<Authorization> {
        match self {
            Self::Fixed(authorization) => Ok(authorization.clone()),
            Self::Tokens { source, held } => {
                let current = source.token().await?;
                let authorization = Authorization::bearer(&current.token.value);
                *held = Some(current);
                authorization
            }
        }
    }

    /// Gets another token; false if there is none.
    async fn renew(&mut self) -> Result<bool> {
        match self {
            Self::Tokens { source, held: Some(held) } => Ok(source.replace(held).await?.is_some()),
            _ => Ok(false),
        }
    }

    /// Whether this 401 is a denial that is known already. Naming the endpoint costs what only a 401 is worth.
    fn denies(&self, request: &Request, answer: &Result<Answer>) -> bool {
        let unauthorized = matches!(answer, Ok(answer) if answer.status == StatusCode::UNAUTHORIZED);
        unauthorized && self.held().is_some_and(|held| held.denies(&endpoint(request)))
    }

    fn deny(&self, request: &Request) {
        if let Some(held) = self.held() {
            held.deny(endpoint(request));
        }
    }

    fn held(&self) -> Option<&Held> {
        match self {
            Self::Tokens { held: Some(held), .. } => Some(held),
            _ => None,
        }
    }
}

/// The body of an answer that was opened: read it, or drop it.
#[derive(Debug)]
pub struct OpenBody {
    body: ResponseBody,
    /// What was read already.
    before: Vec<Bytes>,
    /// What comes after it and is no part: an error or the end.
    after: Option<Result<()>>,
    timeout: Duration,
    _call: Call,
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
        match self.after {
            Some(Ok(())) => Opened::Whole(joined(std::mem::take(&mut self.before))),
            _ => Opened::Open(Box::new(self)),
        }
    }

    /// The next part, and more with it if that is there already: up to about `enough` bytes. None at the end.
    pub async fn read(&mut self, enough: usize) -> Result<Option<Bytes>> {
        if self.before.is_empty() && self.after.is_none() {
            let progress = Progress::default();
            progress.enter(Phase::Body);
            match within(self.timeout, &progress, self.body.chunk()).await? {
                Some(chunk) => self.before.push(chunk),
                None => self.after = Some(Ok(())),
            }
        }
        self.read_ready(enough);
        if self.before.is_empty() {
            return self.after.clone().unwrap_or(Ok(())).map(|()| None);
        }
        Ok(Some(joined(std::mem::take(&mut self.before))))
    }

    async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let mut chunks = Vec::new();
        let mut length = 0;
        while let Some(chunk) = self.read(READ_AT_ONCE).await? {
            length += chunk.len();
            if length > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            chunks.push(chunk);
        }
        Ok(joined(chunks))
    }

    /// A short body comes with its headers: a few turns of the runtime show whether it is whole.
    async fn read_what_is_there(&mut self) {
        for _ in 0..TURNS {
            self.read_ready(READ_AT_ONCE);
            if self.after.is_some() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn read_ready(&mut self, enough: usize) {
        let mut length = self.before.iter().map(Bytes::len).sum::<usize>();
        while length < enough
            && self.after.is_none()
            && let Some(next) = self.body.ready_chunk()
        {
            match next {
                Ok(Some(chunk)) => {
                    length += chunk.len();
                    self.before.push(chunk);
                }
                end => self.after = Some(end.map(|_| ())),
            }
        }
    }
}

fn joined(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() > 1 { chunks.concat().into() } else { chunks.pop().unwrap_or_default() }
}

async fn within<T>(limit: Duration, progress: &Progress, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }))
}

fn endpoint(request: &Request) -> String {
    Endpoint::of(&request.method, request.target.path()).to_string()
}

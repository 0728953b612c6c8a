//! One call: permit, token, transport, decision, in one visible loop.

use http::StatusCode;

use super::retry::{Attempt, Decision, decide};
use super::{Authorizer, Client};
use crate::error::{Error, Phase, Result};
use crate::http::{Authorization, Progress, Request, Response, read_error};
use crate::lifecycle::Held;
use crate::limit::Endpoint;

impl Client {
    /// Sends a request and reads the answer to its end. An answer that is no success (2xx) is an [`Error::Api`].
    ///
    /// Drop the future to cancel the call wherever it is; a token exchange that it waits for goes on.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        let _call = self.calls.begin()?;
        let progress = Progress::default();
        let response = tokio::time::timeout(request.timeout, self.attempts(request, &progress))
            .await
            .map_err(|_| Error::Timeout { phase: progress.phase(), limit: request.timeout })??;
        if response.status.is_success() {
            Ok(response)
        } else {
            let error = read_error(response.status, &response.headers, &response.body);
            Err(Error::Api(Box::new(error)))
        }
    }

    async fn attempts(&self, request: &Request, progress: &Progress) -> Result<Response> {
        // The permit comes first: a token must not grow stale in the queue.
        progress.enter(Phase::Queue);
        let _permit = self.transport.admit().await?;
        progress.enter(Phase::Token);
        let tokens = match &self.authorizer {
            Authorizer::Fixed(authorization) => {
                return self.transport.send(request, authorization, progress).await;
            }
            Authorizer::Tokens(tokens) => tokens,
        };
        let mut held = tokens.token().await?;
        let mut reauthorized = false;
        loop {
            let authorization = Authorization::bearer(&held.token.value)?;
            let response = self.transport.send(request, &authorization, progress).await?;
            match judge(request, &response, &held, reauthorized) {
                Decision::Return => return Ok(response),
                Decision::ReturnDenied => {
                    held.deny(endpoint(request));
                    return Ok(response);
                }
                Decision::Reauthorize => {
                    progress.enter(Phase::Token);
                    match tokens.replace(&held).await? {
                        Some(next) => held = next,
                        None => return Ok(response),
                    }
                    reauthorized = true;
                }
            }
        }
    }
}

fn judge(request: &Request, response: &Response, held: &Held, reauthorized: bool) -> Decision {
    // Naming the endpoint costs an allocation that only a 401 needs.
    let denied = response.status == StatusCode::UNAUTHORIZED && held.denies(&endpoint(request));
    decide(response.status, Attempt { reauthorized, denied })
}

fn endpoint(request: &Request) -> String {
    Endpoint::of(&request.method, request.target.path()).to_string()
}

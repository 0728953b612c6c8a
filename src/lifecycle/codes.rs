//! [`Codes`]: the authorization codes that this process has exchanged. A code works once, and presenting it again may
//! revoke the tokens that it yielded (RFC 6749 section 4.1.2). Yet browsers can deliver a callback twice, by prefetch,
//! double click or reload.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::secret::Secret;

/// How many codes are remembered. A code is valid for at most ten minutes (RFC 6749 section 4.1.2).
const MOST: usize = 1_000;

/// The exchanges of codes, both finished and in flight, oldest first.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<VecDeque<Exchanged>>);

#[derive(Debug)]
struct Exchanged {
    code: Fingerprint,
    grant_id: Shared<BoxFuture<'static, Result<String>>>,
}

impl Codes {
    /// Exchanges a code by running `exchange`, which resolves with the grant's id. If the code was exchanged before,
    /// returns that result. The exchange runs to its end even if the caller stops waiting.
    pub(super) async fn once(
        &self,
        code: &Secret,
        exchange: impl Future<Output = Result<String>> + Send + 'static,
    ) -> Result<String> {
        let code = Fingerprint::of(&code.digest());
        let grant_id = {
            let mut all = self.all();
            if let Some(exchanged) = all.iter().find(|exchanged| exchanged.code == code) {
                exchanged.grant_id.clone()
            } else {
                let running = tokio::spawn(exchange);
                let panicked = Err(Error::Internal { problem: "a token exchange panicked" });
                let grant_id = async { running.await.unwrap_or(panicked) }.boxed().shared();
                all.push_back(Exchanged { code, grant_id: grant_id.clone() });
                if all.len() > MOST {
                    all.pop_front();
                }
                grant_id
            }
        };
        let result = grant_id.clone().await;
        if result.as_ref().is_err_and(is_unspent) {
            // The code was not used, so the next callback with it may try again.
            self.all().retain(|exchanged| !exchanged.grant_id.ptr_eq(&grant_id));
        }
        result
    }

    /// Updates remembered results after a grant was moved to another id.
    pub(super) fn moved(&self, from: &str, to: &str) {
        for exchanged in self.all().iter_mut() {
            if matches!(exchanged.grant_id.peek(), Some(Ok(id)) if id == from) {
                exchanged.grant_id = std::future::ready(Ok(to.to_owned())).boxed().shared();
                // Polled once, so that the result can be peeked at.
                drop(exchanged.grant_id.clone().now_or_never());
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Exchanged>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the server certainly has not seen the code, or answered that it did not process it.
fn is_unspent(error: &Error) -> bool {
    match error {
        Error::TokenUnavailable { sent, status, .. } => !sent || matches!(status, Some(429 | 503)),
        Error::Store { .. } | Error::Closed | Error::Configuration { .. } => true,
        _ => false,
    }
}

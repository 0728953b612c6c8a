//! How a customer's credentials, which are issued once, get into the store and are not lost on the way: the same steps
//! as for a refresh token that works once.
//!
//! Journal before the request, so that who finds it later knows that they may have been issued. Nothing cancels the
//! request. What it yields is written down before anybody uses it, for as long as that takes; who waits hears where the
//! store does not take it.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::PartnerApp;
use super::protocol::{Commit, Step, after_failure, commit, explained, step, unwritten};
use crate::credential::OAuthClient;
use crate::error::{Error, Result};
use crate::http::{Priority, RedirectMode, Request, RequestBody, Target};
use crate::lifecycle::{
    FIRST_COMMIT_WAIT, InFlight, LEASE_MILLIS, LONGEST_COMMIT_WAIT, LONGEST_JOURNAL, Preparing, warn_process,
};
use crate::store::{CustomerRecord, CustomerState, Swap, Version, customer_id};

/// Where a partner asks for a customer's credentials (vendor: General Partner Integration).
const INTEGRATIONS: &str = "/apps-integrations/partner-api/integrations";
/// How long that may take. Long, since giving up on a slow answer loses the credentials; less than a lease.
const DEADLINE: Duration = Duration::from_secs(60);
/// At which failure to write credentials down who waits for them hears of it: a store that is back at once is nobody's
/// concern.
const TOLD_AT: u32 = 3;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    company_id: &'a str,
}

/// By the names of RFC 6749, too: what is issued once must not be lost by how it is spelt.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct Issued {
    #[serde(alias = "client_id")]
    client_id: String,
    #[serde(alias = "client_secret")]
    client_secret: String,
}

impl PartnerApp {
    /// Has the customer connected, by whoever is first. Into `trouble` goes why that takes so long, if the store is at
    /// fault.
    pub(super) async fn obtain(&self, company_id: &str, trouble: &mpsc::Sender<Error>) -> Result<()> {
        let id = customer_id(company_id);
        loop {
            let (version, record) = self.settled(&id).await?;
            let Step::Ask { unresolved } = step(&record.state) else { return Ok(()) };
            let preparing = Preparing::begin();
            let _turn = self.turns.acquire().await;
            // Failing here is free: nothing was written, and nothing asked.
            self.master.token().await?;
            let _in_flight = InFlight::begin()?;
            drop(preparing);
            let now = self.clock.now();
            let until = now.unix_millis().saturating_add(LEASE_MILLIS);
            let connecting = CustomerState::Connecting { owner: self.owner.clone(), until, unresolved };
            let journal = CustomerRecord { state: connecting, ..record };
            if self.store.swap(&id, version, &journal).await? == Swap::Won
                && self.clock.now().since(now) < LONGEST_JOURNAL
                && self.ask(company_id, version.saturating_add(1), &journal, trouble).await?
            {
                // Who found it not connected before need not wait to ask again.
                self.customers.changed(company_id);
                return Ok(());
            }
        }
    }

    /// Asks for the credentials, once. False: the record was changed by somebody else meanwhile, who is to be believed.
    async fn ask(
        &self,
        company_id: &str,
        version: Version,
        journal: &CustomerRecord,
        trouble: &mpsc::Sender<Error>,
    ) -> Result<bool> {
        let error = match self.request(company_id).await {
            Ok(client) => return Ok(self.commit(company_id, version, journal, client, trouble).await),
            Err(error) => error,
        };
        let id = customer_id(company_id);
        let after = after_failure(journal, &error);
        let mut version = version;
        // Where this write fails, the journal stays; whoever finds it once its lease is over takes the outcome for
        // unknown, which is the safe side.
        while let Ok(Swap::Lost) = self.store.swap(&id, version, &after).await {
            let Ok((now, current)) = self.store.load::<CustomerRecord>(&id).await else { break };
            if current != *journal {
                return Ok(false);
            }
            // It was sealed anew, and says the same.
            version = now;
        }
        Err(explained(company_id, journal, error))
    }

    async fn request(&self, company_id: &str) -> Result<OAuthClient> {
        let body = serde_json::to_vec(&Asked { company_id })
            .map_err(|_| Error::Internal { problem: "a company id has no JSON form" })?;
        let request = Request {
            method: Method::POST,
            target: Target::parse(self.master.base(), INTEGRATIONS, &[], &[])?,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            body: RequestBody::Bytes(body.into()),
            redirect: RedirectMode::Error,
            idempotent: false,
            priority: Priority::Interactive,
            timeout: DEADLINE,
        };
        let answer = Box::pin(self.master.send(&request)).await?;
        self.issued(&answer.body)
    }

    fn issued(&self, body: &[u8]) -> Result<OAuthClient> {
        // Without the parser's own message, and without the field's: they may quote what was read.
        let unusable =
            || Error::InvalidResponse { problem: "it holds no usable clientId and clientSecret".into() };
        // Some servers write a byte order mark, which is no JSON.
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let mut issued = serde_json::from_slice::<Issued>(body).map_err(|_| unusable())?;
        let (id, secret) = (std::mem::take(&mut issued.client_id), std::mem::take(&mut issued.client_secret));
        OAuthClient::new(id, secret, self.authentication).map_err(|_| unusable())
    }

    /// Writes the credentials down, for as long as it takes: they are issued once. False if they are of no use any more.
    async fn commit(
        &self,
        company_id: &str,
        version: Version,
        journal: &CustomerRecord,
        client: OAuthClient,
        trouble: &mpsc::Sender<Error>,
    ) -> bool {
        let id = customer_id(company_id);
        let record = CustomerRecord { state: self.connected(client), ..journal.clone() };
        let mut version = version;
        let mut wait = FIRST_COMMIT_WAIT;
        let mut surprised = false;
        let mut failures = 0;
        loop {
            let failed = match self.try_commit(&id, &mut version, &record).await {
                Ok(Commit::Done) => return true,
                Ok(Commit::Superseded) => return false,
                Ok(Commit::Again) => {
                    // Once, somebody may have got in between; again and again, the store does not do its part.
                    if !std::mem::replace(&mut surprised, true) {
                        continue;
                    }
                    Error::Store {
                        operation: "swap",
                        problem: "the record is never the one that it was".into(),
                    }
                }
                Err(_) if self.store.is_gone() => {
                    warn_process(format!(
                        "the credentials that were issued for customer {company_id:?} could not be stored and are \
                         lost: the thread that the store's object belongs to has ended. Ask SmartRecruiters to reset \
                         the integration. End a worker that has a store of its own only once `partner.settled()` has \
                         resolved"
                    ));
                    return false;
                }
                Err(error) => error,
            };
            failures += 1;
            if failures == TOLD_AT {
                // Perhaps nobody waits any more.
                let _ = trouble.try_send(unwritten(company_id, failed));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
        }
    }

    /// Moves `version` to that of the record to write over. An error: wait before the next attempt.
    async fn try_commit(&self, id: &str, version: &mut Version, record: &CustomerRecord) -> Result<Commit> {
        let swap = self.store.swap(id, *version, record).await;
        if let Ok(Swap::Won) = swap {
            return Ok(Commit::Done);
        }
        // Also after an error: the swap may have been written, and only its answer lost.
        let (now, current) = self.store.load::<CustomerRecord>(id).await?;
        let next = commit(record, &current);
        if next == Commit::Again {
            swap?;
            *version = now;
        }
        Ok(next)
    }
}

//! Requests a customer's credentials, which are issued once, and stores them by the steps of [`run`], so that they are
//! not lost on the way.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;
use tokio::sync::{SemaphorePermit, mpsc};

use super::super::retry::{pause, retry_after};
use super::PartnerApp;
use super::protocol::{explained, unwritten};
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::http::{Answer, Authorization, OpenConnection, Priority, Target, UntilEnd as _};
use crate::lifecycle::CurrentToken;
use crate::limit::{Connection, LimitHeaders, Permit};
use crate::oauth::{is_worth_keeping, read_client};
use crate::once::{IssuedCredentials, OneTime, OneTimeRecord as _, OperationState, run};
use crate::random;
use crate::store::{CustomerRecord, customer_id};
use crate::warning::{WarningKind, warn_process};

/// Where a partner requests a customer's credentials (vendor: General Partner Integration).
const INTEGRATIONS: &str = "/apps-integrations/partner-api/integrations";
/// After how many failed attempts to store credentials the caller receives the error. A store that recovers sooner is
/// of no concern to it.
const TOLD_AT: u32 = 3;
/// How often a request is repeated that the API refused without processing it (429).
const MOST_REPEATS: u32 = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    company_id: &'a str,
}

/// The request for one customer's credentials.
struct Connecting<'a> {
    app: &'a PartnerApp,
    company_id: &'a str,
    id: String,
    target: Target,
    /// Receives the reason for a delay that the store causes.
    trouble: &'a mpsc::Sender<Error>,
}

/// Everything that the request needs, obtained before the journal is written.
struct Ready<'a> {
    connection: OpenConnection,
    token: Arc<CurrentToken>,
    permit: Option<Permit>,
    _turn: SemaphorePermit<'a>,
}

impl PartnerApp {
    /// Connects the customer, unless another process does or has. `trouble` receives the reason for a delay that the
    /// store causes.
    pub(super) async fn obtain(&self, company_id: &str, trouble: &mpsc::Sender<Error>) -> Result<()> {
        let target = Target::parse(self.master.base(), INTEGRATIONS, &[], &[])?;
        let connecting = Connecting { app: self, company_id, id: customer_id(company_id), target, trouble };
        let is_connected = |record: &CustomerRecord, _: Moment| {
            Ok((record.operation_state() == OperationState::Settled).then_some(()))
        };
        let mut reauthorized = false;
        let mut repeats = 0;
        loop {
            let Err(failed) = run(&self.vault, &connecting, is_connected).await else {
                // Clients that found the customer not connected look again at their next call.
                self.customers.changed(company_id);
                return Ok(());
            };
            match &failed {
                // The limits pause the endpoint, and the next permit waits for that.
                Error::Api(answer) if answer.status == 429 && repeats < MOST_REPEATS => repeats += 1,
                // The token may have been revoked. A 401 to another token is a permission denial.
                Error::Api(answer) if answer.status == 401 && !reauthorized => {
                    reauthorized = true;
                    if !self.master.renew_token().await? {
                        return Err(failed);
                    }
                }
                _ => return Err(failed),
            }
        }
    }
}

impl<'a> OneTime for Connecting<'a> {
    type Record = CustomerRecord;
    type Connection = Ready<'a>;

    fn id(&self) -> &str {
        &self.id
    }

    fn absent(&self) -> Result<CustomerRecord> {
        Ok(CustomerRecord::default())
    }

    async fn connect(&self) -> Result<Ready<'a>> {
        let turn = self.app.turns.acquire().await.map_err(|_| Error::Closed)?;
        let master = &self.app.master;
        let no_token = Error::Internal { problem: "a partner's own client has no tokens" };
        let token = master.token().await?.ok_or(no_token)?;
        let permit = match &master.pacing {
            Some(pacing) => {
                let endpoint = pacing.endpoints().of(&Method::POST, &self.target);
                Some(pacing.admit(&endpoint, Priority::Interactive, false).await?)
            }
            None => None,
        };
        let connection = OpenConnection::open(&master.connector, self.target.url()).await?;
        Ok(Ready { connection, token, permit, _turn: turn })
    }

    async fn ask(&self, ready: Ready<'a>, _journal: &CustomerRecord) -> Result<Answer> {
        let Ready { connection, token, mut permit, _turn } = ready;
        let body = serde_json::to_vec(&Asked { company_id: self.company_id })
            .map_err(|_| Error::Internal { problem: "a company id has no JSON form" })?;
        let json = HeaderValue::from_static("application/json");
        let authorization = Authorization::bearer(&token.token.value)?;
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json), authorization.header()]);
        if let Some(permit) = &mut permit {
            permit.leaves();
        }
        let answer = connection.post(self.target.url(), &headers, &body).await;
        if let Some(permit) = permit {
            self.settle(permit, &answer);
        }
        Ok(answer?.hiding([token.token.value.expose()]))
    }

    fn read(&self, answer: &Answer, sent: Moment, _journal: &CustomerRecord) -> Result<IssuedCredentials> {
        let url = self.target.url();
        let client = read_client(answer, self.app.authentication);
        let client = client.map_err(|error| error.about(&Method::POST, url))?;
        Ok(IssuedCredentials { client, at: sent.unix_millis() })
    }

    fn is_worth_keeping(&self, answer: &Answer, _journal: &CustomerRecord) -> bool {
        is_worth_keeping(answer, None)
    }

    fn why_unusable(&self, _record: &CustomerRecord) -> Error {
        Error::Internal { problem: "a customer that is connected was connected again" }
    }

    fn explain(&self, journal: &CustomerRecord, _written: &CustomerRecord, error: Error) -> Error {
        explained(self.company_id, journal, error)
    }

    fn unwritten(&self, error: Error, times: u32) {
        if times == TOLD_AT {
            // The caller may have stopped waiting.
            let _ = self.trouble.try_send(unwritten(self.company_id, error));
        }
    }

    fn lost(&self, _error: Error) {
        let message = format!(
            "the credentials that were issued for customer {:?} could not be stored and are lost: the thread that the \
             store's object belongs to has ended. Ask SmartRecruiters to reset the integration. End a worker that has a \
             store of its own only once `partner.settled()` has resolved",
            self.company_id
        );
        warn_process(WarningKind::StoreGone, message);
    }
}

impl Connecting<'_> {
    /// Reports the outcome of the request to the limits.
    fn settle(&self, mut permit: Permit, answer: &Result<Answer>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(Error::ConnectTimeout { .. } | Error::Network { sent: false, .. }) => {
                return permit.never_left();
            }
            Err(_) => return,
        };
        let fields = answer.headers();
        let headers = LimitHeaders::read(&fields);
        permit.answered(&headers, Connection::Reused);
        if answer.status() == Some(429) {
            let now = self.app.vault.now().unix_millis() / 1000;
            let asked = retry_after(fields.get(RETRY_AFTER).map(HeaderValue::as_bytes), now);
            permit.refused(pause(asked, permit.refusals_before(), random::fraction()), &headers);
        } else {
            permit.taken();
        }
        permit.ended();
    }
}

//! [`Sentinels`]: where the primary of a service is, as the Sentinels know it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::future::join_all;
use redis::cmd;

use super::connection::{Connection, Dialer};
use super::failure::Failure;
use super::url::Address;

/// The Sentinels that watch a service.
///
/// The Sentinels do not learn of a failover at the same time, and one that is cut off never does. All of them are asked
/// at once, and the newest configuration counts. Connections to them last for one question.
pub(super) struct Sentinels {
    pub(super) addresses: Vec<Address>,
    pub(super) service: String,
    pub(super) dialer: Dialer,
}

/// What a Sentinel says of the primary.
struct Report {
    primary: Address,
    /// The number of the configuration, which grows with each failover.
    epoch: u64,
}

impl Sentinels {
    /// The address of the primary.
    pub(super) async fn primary(&self) -> Result<Address, Failure> {
        let reports = join_all(self.addresses.iter().map(|address| self.report(address))).await;
        let (mut newest, mut failure) = (None::<Report>, None);
        for report in reports {
            match report {
                Ok(report) if newest.as_ref().is_none_or(|newest| report.epoch > newest.epoch) => {
                    newest = Some(report);
                }
                Ok(_) => {}
                Err(reason) => failure = Some(reason),
            }
        }
        match (newest, failure) {
            (Some(newest), _) => Ok(newest.primary),
            (None, Some(reason)) => Err(reason.of_all_sentinels()),
            (None, None) => Err(Failure::other("`url` names no Sentinel")),
        }
    }

    async fn report(&self, address: &Address) -> Result<Report, Failure> {
        let connection = self.dialer.connect(address, Arc::new(AtomicBool::new(false))).await?;
        // During a failover only this answer has the new primary, and only the other has the number.
        let primary = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service).to_owned();
        let primary: Option<(String, u16)> = connection.ask(&primary).await?;
        let (host, port) = primary.ok_or_else(|| Failure::unknown_service(address))?;
        let primary =
            Address::reported(&host, port, address).ok_or_else(|| Failure::unknown_service(address))?;
        Ok(Report { primary, epoch: self.epoch(&connection).await? })
    }

    async fn epoch(&self, connection: &Connection) -> Result<u64, Failure> {
        let question = cmd("SENTINEL").arg("MASTER").arg(&self.service).to_owned();
        let fields: Vec<(String, String)> = connection.ask(&question).await?;
        let epoch = fields.into_iter().find(|(name, _)| name == "config-epoch");
        Ok(epoch.and_then(|(_, epoch)| epoch.parse().ok()).unwrap_or(0))
    }
}

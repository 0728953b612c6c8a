//! Moving a grant to another store, namespace or app. Its refresh token works once, so only one of them may hold it.
//! The grant therefore ends in the exporting store before its tokens leave it.

use std::sync::Arc;

use super::app::{Grant, OAuthApp};
use super::renewal::EXPORTED;
use crate::error::{Error, Result};
use crate::once::{OneTimeRecord as _, OperationState};
use crate::store::{GrantRecord, GrantState, Swap};

/// What to do with a grant that is imported.
#[derive(Debug, PartialEq, Eq)]
enum Arrival {
    /// The store has no such grant, or an older one that has ended. Write the import.
    New,
    /// The store has this grant, in use. There is nothing to do.
    Here,
    /// The store has a newer grant, and the imported refresh token was spent.
    Outdated,
}

impl OAuthApp {
    /// Ends the grant with this id, and returns its tokens as sealed text for [`import_sealed`](Self::import_sealed).
    /// Waits for a renewal in flight. Calling it again returns the same grant again.
    pub async fn export(self: Arc<Self>, id: String) -> Result<String> {
        let vault = &self.grants.vault;
        vault.records.sealer().require_key("export()")?;
        let grant = self.grant(id)?;
        let renewal = self.grants.renewal(&grant.id);
        let exported = loop {
            let Some((version, record, unresolved)) = vault.settled::<GrantRecord>(&grant.id).await? else {
                return Err(Error::UnknownGrant { grant_id: grant.id });
            };
            if record.state == EXPORTED {
                break record;
            }
            if record.operation_state() == OperationState::Settled {
                return Err(renewal.unusable(&record));
            }
            // An exchange of unknown outcome may have spent the refresh token, and the importing app has to know that.
            let contested = record.contested || unresolved > 0;
            let exported = GrantRecord { contested, state: EXPORTED, ..record };
            if vault.swap(&grant.id, version, &exported).await? == Swap::Won {
                break exported;
            }
        };
        grant.source.reset(None);
        vault.records.sealer().export(&grant.id, &exported)
    }

    /// Stores a grant that [`export`](Self::export) returned, under the id that it had. Fails with
    /// [`Error::Configuration`] that names `sealed` if the store holds a newer grant with that id.
    pub async fn import_sealed(self: Arc<Self>, sealed: &str) -> Result<Grant> {
        let vault = &self.grants.vault;
        let (id, record) = vault.records.sealer().import::<GrantRecord>(sealed)?;
        let record = GrantRecord { state: GrantState::Idle { unresolved: 0 }, ..record };
        let grant = self.grant(id)?;
        loop {
            let found = vault.find::<GrantRecord>(&grant.id).await?;
            let (version, current) = found.map_or((0, None), |(version, current)| (version, Some(current)));
            match current.map_or(Arrival::New, |current| arrival(&current, &record)) {
                Arrival::Here => return Ok(grant),
                Arrival::Outdated => {
                    let problem = "is older than what the store holds of this grant, and its refresh token spent; \
                                   use what is there, or forget() it first";
                    return Err(Error::configuration("sealed", problem));
                }
                Arrival::New if vault.swap(&grant.id, version, &record).await? == Swap::Won => {
                    grant.source.reset(None);
                    return Ok(grant);
                }
                Arrival::New => {}
            }
        }
    }
}

fn arrival(current: &GrantRecord, imported: &GrantRecord) -> Arrival {
    let ended = matches!(current.state, GrantState::Ended { .. });
    if current.refresh == imported.refresh && !ended {
        // A process may be spending the token at this moment.
        Arrival::Here
    } else if !ended || current.refresh_issued_at > imported.refresh_issued_at {
        // A living grant with another token counts as newer, since the clocks of two machines cannot decide which one
        // is.
        Arrival::Outdated
    } else {
        Arrival::New
    }
}

//! Moving a grant to another id in the same store, and changing its metadata. The refresh token works once, so two
//! records must never own it. The old record is marked as moving before the new one is written, and any process that
//! finds the mark finishes the move.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::app::{Grant, OAuthApp};
use super::grants::Grants;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::random;
use crate::store::{GrantRecord, GrantState, Swap, check_grant_id};

impl OAuthApp {
    /// Moves a grant to another id, and replaces any grant with that id. Waits for a renewal in flight. Calling it
    /// again returns the grant again.
    pub async fn rename(self: Arc<Self>, from: String, to: String) -> Result<Grant> {
        check_grant_id(&from)?;
        check_grant_id(&to)?;
        if from != to {
            self.grants.rename(&from, &to).await?;
        }
        self.grant(to)
    }

    /// Replaces the metadata of the grant with this id. Waits for a renewal in flight.
    pub async fn annotate(self: Arc<Self>, id: String, metadata: BTreeMap<String, String>) -> Result<()> {
        check_grant_id(&id)?;
        let vault = &self.grants.vault;
        loop {
            let Some((version, record, _)) = vault.settled::<GrantRecord>(&id).await? else {
                return Err(Error::UnknownGrant { grant_id: id });
            };
            if record.state == (GrantState::Ended { reason: ReauthorizationReason::Forgotten }) {
                return Err(Error::UnknownGrant { grant_id: id });
            }
            let annotated = GrantRecord { metadata: metadata.clone(), ..record };
            if vault.swap(&id, version, &annotated).await? == Swap::Won {
                return Ok(());
            }
        }
    }
}

impl Grants {
    pub(super) async fn rename(self: &Arc<Self>, from: &str, to: &str) -> Result<()> {
        let vault = &self.vault;
        loop {
            let settled = vault.settled::<GrantRecord>(from).await?;
            let Some((version, record, unresolved)) = settled else {
                return Err(Error::UnknownGrant { grant_id: from.to_owned() });
            };
            match &record.state {
                GrantState::Moving { to: other, .. } => {
                    let other = other.clone();
                    self.finish_move(from, &other).await?;
                    return if other == to {
                        Ok(())
                    } else {
                        Err(Error::UnknownGrant { grant_id: from.to_owned() })
                    };
                }
                GrantState::Ended { reason } => {
                    let arrived = vault.find::<GrantRecord>(to).await?;
                    if record.origin.is_some()
                        && arrived.is_some_and(|(_, arrived)| arrived.origin == record.origin)
                    {
                        return Ok(());
                    }
                    return Err(Error::ReauthorizationRequired {
                        grant_id: from.to_owned(),
                        reason: *reason,
                    });
                }
                GrantState::Idle { .. } | GrantState::Exchanging { .. } => {
                    // An exchange of unknown outcome may have spent the refresh token.
                    let contested = record.contested || unresolved > 0;
                    let state = GrantState::Moving { to: to.to_owned(), ticket: random::text::<16>()? };
                    let moving = GrantRecord { contested, state, ..record };
                    if vault.swap(from, version, &moving).await? == Swap::Won {
                        return self.finish_move(from, to).await;
                    }
                }
            }
        }
    }

    /// Finishes the move of a grant to another id, if its record is marked as moving.
    pub(super) async fn finish_any_move(self: &Arc<Self>, from: &str) -> Result<()> {
        match self.vault.find::<GrantRecord>(from).await? {
            Some((_, GrantRecord { state: GrantState::Moving { to, .. }, .. })) => {
                self.finish_move(from, &to).await
            }
            _ => Ok(()),
        }
    }

    /// Finishes the move of a grant from `from` to `to`, whichever process began it.
    pub(super) async fn finish_move(self: &Arc<Self>, from: &str, to: &str) -> Result<()> {
        let vault = &self.vault;
        loop {
            let Some((version, record)) = vault.find::<GrantRecord>(from).await? else { break };
            let GrantState::Moving { to: destination, ticket } = &record.state else { break };
            if destination != to {
                break;
            }
            let ticket = ticket.clone();
            let arrived = GrantRecord {
                origin: Some(ticket.clone()),
                state: GrantState::Idle { unresolved: 0 },
                ..record
            };
            loop {
                let (there, current) = match vault.find::<GrantRecord>(to).await? {
                    Some((there, current)) => (there, Some(current)),
                    None => (0, None),
                };
                // The grant was written there before, and may have been renewed since.
                if current.is_some_and(|current| current.origin.as_ref() == Some(&ticket))
                    || vault.swap(to, there, &arrived).await? == Swap::Won
                {
                    break;
                }
            }
            let bare = GrantRecord::tombstone(vault.now().unix_millis());
            let tombstone = GrantRecord { origin: Some(ticket), ..bare };
            if vault.swap(from, version, &tombstone).await? == Swap::Won {
                break;
            }
        }
        self.codes.moved(from, to);
        self.source(from).reset(None);
        self.source(to).reset(None);
        Ok(())
    }
}

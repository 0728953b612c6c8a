//! One-time operations: spending a refresh token, and having a customer's credentials issued. Their answers cannot be
//! requested again. The steps are one visible loop, [`run`]. The decisions are in [`protocol`], where a model explores
//! every interleaving of them.
//!
//! The steps: wait for the lease → connect → write the journal → send the request once → read the answer, or keep it
//! unread → commit, for as long as it takes, or record the failure.

mod customer;
mod engine;
mod events;
mod grant;
mod in_flight;
mod lease;
mod protocol;
mod vault;
mod watched_store;

pub use customer::IssuedCredentials;
pub use engine::{OneTime, Ran, run};
pub use events::{Event, Listener, Listeners};
pub(crate) use in_flight::{InFlight, Preparing};
pub use in_flight::{await_exchanges, end_exchanges, exchanges_in_flight, settled};
pub(crate) use lease::{FIRST_COMMIT_WAIT, LEASE_POLL, LONGEST_COMMIT_WAIT, Lease, is_running};
pub use protocol::{OneTimeRecord, OperationState};
pub use vault::Vault;

// The events above and these observations are one subject: what happens to grants and tokens.
pub use crate::observe::{Observation, TokenOwner, TokenOwnerKind};
pub(crate) use crate::observe::{number_credential, observe};

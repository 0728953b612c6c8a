//! Webhooks: what SmartRecruiters posts when something happens at a customer. Verifies requests, and keeps each event in
//! a store until it was handled once.
//!
//! Nothing here reads or answers HTTP requests, and nothing runs a user's code. The face does both.

mod backoff;
mod callback_authentication;
mod callback_token;
mod event;
mod inbox;
mod keys;
mod records;
mod signature;
mod walker;

pub use callback_authentication::{CallbackAuthentication, TokenRefusal};
pub use event::{Delivery, event};
pub use inbox::{Accepted, AttemptEnd, DeadLetter, DeadLetterPage, Depth, Inbox, InboxOptions, TakenIn};
pub use records::{Claim, Settled};
pub use signature::Tolerance;

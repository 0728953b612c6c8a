//! Values that several subjects convert: errors, numbers, keys, and the options that clients and apps share.

mod connection;
mod due;
mod environment;
mod error;
mod keys;
mod number;
mod oauth_client;
mod pairs;
mod result;
mod variables;

pub(super) use connection::{NativeConnection, connect_options};
pub(super) use due::NativeDue;
pub(super) use environment::NativeEnvironment;
pub(super) use error::{NativeError, NativeErrorCode, NativeReauthorizationReason, NativeWebhookRefusal};
pub(super) use keys::sealing;
pub(super) use number::{number, whole};
pub(super) use oauth_client::{NativeClientAuth, oauth_client};
pub(super) use pairs::pairs;
pub(super) use result::either;
pub(super) use variables::given;

//! HTTP: where a request goes, how it is sent, what an answer says. No retry, no tokens' lives.

mod background;
mod body;
mod connector;
mod decoding;
mod dial;
mod environment;
mod error_body;
mod failure;
mod fair;
mod headers;
mod interim;
mod link;
mod no_proxy;
mod open_connection;
mod parts;
mod proxy;
mod redirect;
mod socks;
mod target;
mod text;
mod transport;
mod tunnel;
mod unpacking;

pub use body::{RequestBody, ResponseBody, StreamedBody, UntilEnd, Upload, streamed_body};
pub use connector::{ConnectOptions, Connector, Identity, ProxyChoice};
pub use environment::{Environment, authorize_url, token_url};
pub use error_body::read_error;
pub use failure::network_error;
pub use headers::request_headers;
pub use link::next_link;
pub use open_connection::OpenConnection;
pub use target::{BaseUrl, Target, parse_secure_url};
pub use transport::{Authorization, Priority, Progress, RedirectMode, Request, Response, Transport};

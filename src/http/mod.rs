//! HTTP: where a request goes, how it is sent, what an answer says. No retry, no tokens' lives.

mod answer;
mod body;
mod connector;
mod decoding;
mod environment;
mod error_body;
mod headers;
mod link;
mod loose_json;
mod open_connection;
mod redirect;
mod single_exchange;
mod target;
mod transport;

pub use answer::Answer;
pub use body::{RequestBody, ResponseBody, StreamedBody, UntilEnd, Upload, streamed_body};
pub use connector::{ConnectOptions, Connector, ProxyChoice};
pub use environment::{Environment, authorize_url, token_url};
pub use error_body::{read_answered_error, read_error};
pub use headers::request_headers;
pub use link::next_link;
pub use loose_json::{Member, Shape, Value, members, scattered};
pub use open_connection::OpenConnection;
pub use target::{BaseUrl, Target, parse_secure_url};
pub use transport::{Authorization, Priority, Progress, RedirectMode, Request, Response, Transport};

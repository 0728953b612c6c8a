//! HTTP: where a request goes, how it is sent, and how an answer is read. Retries and the renewal of tokens are
//! elsewhere.

mod answer;
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
mod loose_json;
mod no_proxy;
mod open_connection;
mod parts;
mod pool;
mod proxy;
mod redirect;
mod retry_after;
mod single_exchange;
mod socks;
mod target;
mod text;
mod transport;
mod tunnel;
mod unpacking;

pub use answer::Answer;
pub use body::{BodySink, RequestBody, ResponseBody, StreamedBody, UntilEnd, Upload, streamed_body};
pub use connector::{ConnectOptions, Connector};
pub use dial::LOOKUPS;
pub use environment::{Environment, authorize_url, token_url};
pub use error_body::{read_answered_error, read_error, shown_headers, shown_request_id};
pub use headers::request_headers;
pub use link::next_link;
pub use loose_json::{Member, Shape, Value, members, scattered};
pub use open_connection::OpenConnection;
pub use proxy::ProxyChoice;
pub use retry_after::{retry_after, seconds_of_date};
pub use target::{BaseUrl, Target, parse_secure_url};
pub use transport::{Authorization, Priority, Progress, RedirectMode, Request, Response, Transport};

// A request carries its observer, so the sender of one knows what it is told.
pub use crate::observe::{AttemptReport, Next, Observer, Report};

//! [`Error`]: everything that can go wrong. Each variant is named by what the caller can do about it.
//!
//! No variant ever holds a secret or a URL's query. Of a token endpoint's body, an error keeps only the server's
//! description of the failure.

mod network;
mod webhook;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub use network::{Destination, NetworkKind, Phase, Reason, io_code, without_number};
pub use webhook::WebhookRefusal;

/// The result of every fallible function in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, kept for `source()`. It is shared because one failed exchange is reported to many callers.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Everything that can go wrong. [`Error::code`] is the stable name that JavaScript sees.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// An option or argument is wrong, and nothing was sent. Correct the named field.
    #[error("{field}: {problem}")]
    Configuration {
        /// The option or argument, as the caller wrote it, such as `baseUrl` or `params.id`.
        field: Cow<'static, str>,
        /// What is wrong and what would be right. It never contains the value.
        problem: Cow<'static, str>,
    },

    /// The client was closed and takes no more calls. Make a new one.
    #[error("the client is closed; make a new one")]
    Closed,

    /// The endpoint's request queue is full. The call was not queued, and nothing was sent.
    #[error(
        "{limit} calls are already waiting for {endpoint}; wait for some of them first, or raise `limits.queue`"
    )]
    QueueFull {
        /// The endpoint's method and path template.
        endpoint: String,
        /// How many calls may wait for this endpoint.
        limit: usize,
    },

    /// The call cannot be sent within the rate limits before its deadline. Nothing was sent.
    #[error(
        "a call to {endpoint} would get its turn in {} ms at the earliest, and has {} ms left; call again then, or \
         raise `timeout`",
        .wait.as_millis(), .left.as_millis()
    )]
    NoTurnInTime {
        /// The endpoint's method and path template.
        endpoint: String,
        /// The least time until the call could be sent.
        wait: Duration,
        /// The time left until the call's deadline.
        left: Duration,
    },

    /// The rate limits allowed the call so shortly before its deadline that an answer could hardly arrive in time.
    /// Nothing was sent.
    #[error(
        "the call's turn came {} ms before its deadline, and an answer of {endpoint} usually takes {} ms; raise `timeout`",
        .left.as_millis(), .usual.as_millis()
    )]
    TurnTooLate {
        /// The endpoint's method and path template.
        endpoint: String,
        /// The time left until the call's deadline.
        left: Duration,
        /// The time within which nearly every answer of this endpoint arrives.
        usual: Duration,
        /// Where the call would have gone.
        to: Option<Arc<Destination>>,
    },

    /// The caller's deadline passed while every place in the limits or the connection pool was held by an answer whose
    /// body is not being read.
    #[error(
        "timed out after {} ms while waiting for its turn: {count} answer{} of {of} {} unread; read or cancel the body of \
         each `Response`",
        .limit.as_millis(), if *.count == 1 { "" } else { "s" }, if *.count == 1 { "is" } else { "are" }
    )]
    AnswersUnread {
        /// What the unread answers belong to: an endpoint's method and path template, or the API.
        of: String,
        /// The number of answers whose bodies are unread.
        count: usize,
        /// The call's deadline, measured from its start.
        limit: Duration,
        /// Where the call was to go.
        to: Option<Arc<Destination>>,
    },

    /// The API answered with a status other than success (2xx).
    #[error("{0}")]
    Api(Box<ApiError>),

    /// The answer's body does not match its content type. Its status is all that is known about the request's effect.
    #[error("the answer could not be read: {problem}")]
    InvalidResponse {
        /// What is wrong with the answer.
        problem: Cow<'static, str>,
    },

    /// The network failed before a complete answer arrived. `sent` says whether the server may have seen the request.
    #[error("{}", network::message(*.kind, *.sent, .to.as_ref(), .reason.as_ref()))]
    Network {
        /// What failed: the name lookup, the connection, TLS or the exchange on it.
        kind: NetworkKind,
        /// False if the server certainly did not process the request.
        sent: bool,
        /// Where the request was sent, or would have been sent.
        to: Option<Arc<Destination>>,
        /// The reason for the failure, in words and by Node's error code.
        #[source]
        reason: Option<Arc<Reason>>,
    },

    /// A redirect was not followed. The request that it answered had been sent.
    #[error("a redirect was not followed: {problem}")]
    Redirect {
        /// Why the redirect was not followed.
        problem: Cow<'static, str>,
    },

    /// The rest of a list cannot be read: the API answered, but its answer names no usable next page.
    #[error("the rest of the list cannot be read: {problem}")]
    Pagination {
        /// What is wrong, and what to do about it.
        problem: Cow<'static, str>,
    },

    /// The answer's body is longer than the client may read into memory.
    #[error("the answer is longer than {limit} bytes; raise `maxBodySize`, or stream it with `fetch()`")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },

    /// The request's streamed body ended early, so that the server received only a part of it.
    #[error("the request's body ended early; the server received only a part of it")]
    BodyInterrupted,

    /// No connection could be made within `connectTimeout`. Nothing was sent.
    #[error("{}", network::connect_timeout_message(.to.as_ref()))]
    ConnectTimeout {
        /// The server that did not accept a connection.
        to: Option<Arc<Destination>>,
    },

    /// The caller's deadline passed before the call was finished.
    #[error("{}", network::timeout_message(*.phase, *.limit, .to.as_ref()))]
    Timeout {
        /// What the call was doing when the deadline passed.
        phase: Phase,
        /// The call's deadline, measured from its start.
        limit: Duration,
        /// False if no byte of the request was sent.
        sent: bool,
        /// Where the request was sent, or would have been sent.
        to: Option<Arc<Destination>>,
    },

    /// The authorization server refused the token exchange, either with an OAuth error (RFC 6749 section 5.2) or with a
    /// status and words of its own ([`OAuthErrorCode::Unnamed`]).
    #[error("the authorization server refused the token exchange{}{answer}", .error.refusal(*.status))]
    TokenRefused {
        /// The server's error code, usually one of RFC 6749.
        error: OAuthErrorCode,
        /// The HTTP status of the answer.
        status: u16,
        /// The rest of the server's answer: its description, request id, headers and requested pause.
        answer: Box<TokenAnswer>,
    },

    /// The authorization server could not be reached, or its answer was not an OAuth answer. Try again later.
    #[error("no access token: {problem}{answer}")]
    TokenUnavailable {
        /// What happened, as a part of a sentence.
        problem: Cow<'static, str>,
        /// The HTTP status of the answer, if a readable answer arrived.
        status: Option<u16>,
        /// The rest of the server's answer. It is empty if there was none.
        answer: Box<TokenAnswer>,
        /// False if no byte of the request was sent.
        sent: bool,
        /// The network error that caused it, if any.
        #[source]
        source: Option<Box<Error>>,
    },

    /// The authorization server answered with success, but its answer holds no usable token. The vendor's server is
    /// known to answer `{}`.
    #[error("the authorization server's answer holds no usable token: {problem}{answer}")]
    TokenInvalid {
        /// What is wrong with the answer.
        problem: Cow<'static, str>,
        /// The HTTP status of the answer, if it could be read.
        status: Option<u16>,
        /// The rest of the server's answer: its description, request id, headers and requested pause.
        answer: Box<TokenAnswer>,
    },

    /// The authorization server redirected the browser back with an error in place of a code (RFC 6749 section
    /// 4.1.2.1).
    #[error("authorization failed: {error}")]
    AuthorizationDenied {
        /// The error code, such as `access_denied` if the user declined.
        error: OAuthErrorCode,
        /// The server's `error_description`, if it gave one.
        description: Option<String>,
    },

    /// The callback does not belong to the authorization request that it claims to answer. Start again, and never use
    /// its code.
    #[error("the authorization callback was refused: {problem}")]
    CallbackRefused {
        /// What is wrong with the callback.
        problem: Cow<'static, str>,
    },

    /// The grant has ended. The customer has to authorize the app again.
    #[error("grant {grant_id:?} needs to be authorized again: {}", .reason.describe())]
    ReauthorizationRequired {
        /// The grant's id in the store.
        grant_id: String,
        /// Why the grant ended.
        reason: ReauthorizationReason,
    },

    /// The store has no grant with this id.
    #[error("grant {grant_id:?} does not exist; exchange() or import() creates one")]
    UnknownGrant {
        /// The id that was looked up.
        grant_id: String,
    },

    /// The API issues a customer's credentials once. They were issued before, and are not in the store.
    #[error("customer {company_id:?} is already integrated, but not connected: {}", .reason.describe())]
    AlreadyIntegrated {
        /// The customer's company id.
        company_id: String,
        /// What is known about the credentials that were issued.
        reason: IntegrationReason,
        /// The API's answer, a 409.
        answer: Box<ApiError>,
    },

    /// The store could not be used. No token was exchanged and no credentials were requested, unless the problem says
    /// that credentials were issued.
    #[error("the store failed to {operation}: {problem}")]
    Store {
        /// The store's method that failed: `load`, `swap`, `remove` or `due`.
        operation: &'static str,
        /// The store's description of the failure.
        problem: StoreProblem,
    },

    /// A request to a webhook receiver was refused. Nothing was stored.
    #[error("the webhook request was refused: {reason}")]
    WebhookRefused {
        /// Why it was refused.
        reason: WebhookRefusal,
    },

    /// The server that holds the limits shared between processes could not be used. Until it can, each process keeps to
    /// its share of the limits.
    #[error("the shared limits cannot be reached: {problem}")]
    SharedLimits {
        /// What happened, where, and what to do about it.
        problem: Cow<'static, str>,
        /// The error that caused it, if any.
        #[source]
        source: Option<Cause>,
    },

    /// A defect in this library. Please report it.
    #[error("internal error: {problem}; please report it")]
    Internal {
        /// What was found to be wrong.
        problem: &'static str,
    },
}

/// What went wrong in a store: what happened, where, and what to do about it.
#[derive(Debug, Clone)]
pub struct StoreProblem {
    text: Cow<'static, str>,
    cause: Option<Cause>,
}

impl StoreProblem {
    /// A problem with its cause. Neither the text nor the cause may hold a secret or a record's content.
    pub fn new(text: impl Into<Cow<'static, str>>, cause: Option<Cause>) -> Self {
        Self { text: text.into(), cause }
    }

    /// The error that caused the problem, if there is one.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }
}

impl std::fmt::Display for StoreProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl<Text: Into<Cow<'static, str>>> From<Text> for StoreProblem {
    fn from(text: Text) -> Self {
        Self::new(text, None)
    }
}

/// An unsuccessful answer of the API. Wherever the answer quotes a secret that was sent, the quote is replaced.
#[derive(Debug, Clone, Default)]
pub struct ApiError {
    /// The HTTP status of the answer.
    pub status: u16,
    /// The request's method and path, with values in place of `{name}`s and without the query: `GET /jobs/1`.
    pub request: String,
    /// The server's message, or the standard phrase for the status if the server sent none.
    pub message: String,
    /// The vendor's error code, such as `PERMISSION_DENIED`.
    pub vendor_code: Option<String>,
    /// The entries of the vendor's `errors[]`, or of the corresponding field of other servers.
    pub errors: Vec<ErrorDetail>,
    /// The id that the vendor gave the request. Quote it to their support.
    pub request_id: Option<String>,
    /// The answer's headers without cookies, one `name: value` per line.
    pub headers: String,
    /// The answer's body if it is text, at most 16 KiB of it.
    pub body: String,
    /// What a refusal for lack of permission (403) is known to be about.
    pub permission: Permission,
}

/// What is known about the permissions that a refused request needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// The scopes that the operation needs: of alternatives, the narrowest. `None` if they are not documented, or the
    /// credential has no scopes.
    pub required: Option<Vec<String>>,
    /// The scopes of the access token. `None` if they are not known.
    pub granted: Option<Vec<String>>,
    /// Those of `required` that the token lacks. `None` if either is not known.
    pub missing: Option<Vec<String>>,
    /// Why the request was refused, as far as that is known, and what to do about it.
    pub advice: Option<String>,
}

/// The most entries of `errors[]` that a message shows. Further ones are only counted.
const SHOWN_DETAILS: usize = 5;

impl std::fmt::Display for ApiError {
    /// Writes `404 GET /jobs/1: Not found`, followed by the entries of `errors[]` that add to the message, and by what is
    /// known about a lack of permission.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.request.is_empty() {
            write!(f, " {}", self.request)?;
        }
        let advice = self.permission.advice.as_deref();
        // The server's sentence may end with a full stop, and the advice continues it.
        let message = if advice.is_some() { self.message.trim_end_matches('.') } else { &self.message };
        write!(f, ": {message}")?;
        let details: Vec<_> = self.errors.iter().map(ToString::to_string).collect();
        let more: Vec<_> = details.iter().filter(|detail| !self.message.contains(detail.as_str())).collect();
        for (at, detail) in more.iter().take(SHOWN_DETAILS).enumerate() {
            write!(f, "{}{detail}", if at == 0 { " (" } else { "; " })?;
        }
        match more.len().saturating_sub(SHOWN_DETAILS) {
            _ if more.is_empty() => {}
            0 => f.write_str(")")?,
            rest => write!(f, "; and {rest} more)")?,
        }
        advice.map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

/// What a token endpoint answered in place of tokens. Quotes of secrets that were sent to it are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenAnswer {
    /// The server's description of the failure: its `error_description`, its `message`, or the body's text.
    pub description: Option<String>,
    /// The id that the server gave the request. Quote it to their support.
    pub request_id: Option<String>,
    /// The answer's headers without those that may hold secrets, one `name: value` per line.
    pub headers: String,
    /// How long the server asks its client to wait before the next request, at most an hour.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for TokenAnswer {
    /// Writes the end of a sentence about the exchange, or nothing if the server sent no description and no pause.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(description) = &self.description {
            write!(f, "; the server says: {description}")?;
        }
        if let Some(after) = self.retry_after {
            write!(f, "; it asks for a pause of {} s", after.as_secs())?;
        }
        Ok(())
    }
}

/// One entry of the vendor's `errors[]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The entry's code, if it has one.
    pub code: Option<String>,
    /// The entry's message, if it has one.
    pub message: Option<String>,
    /// The field of the request that the entry is about (the vendor's `dataPath`), if it names one.
    pub field: Option<String>,
}

impl std::fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(self.message.as_deref().or(self.code.as_deref()).unwrap_or("is wrong"))
    }
}

/// The stable name of an error, as JavaScript sees it in `error.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented at the variant of Error that it names")]
pub enum ErrorCode {
    Configuration,
    Closed,
    QueueFull,
    BadRequest,
    Authentication,
    Permission,
    NotFound,
    Conflict,
    RateLimit,
    Server,
    UnexpectedStatus,
    InvalidResponse,
    Redirect,
    Pagination,
    BodyTooLarge,
    BodyInterrupted,
    Network,
    Timeout,
    TokenRefused,
    TokenUnavailable,
    TokenInvalid,
    AuthorizationDenied,
    CallbackRefused,
    ReauthorizationRequired,
    UnknownGrant,
    AlreadyIntegrated,
    Store,
    WebhookRefused,
    Internal,
}

impl Error {
    /// A [`Error::Configuration`] about `field`.
    pub fn configuration(field: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Configuration { field: field.into(), problem: problem.into() }
    }

    /// Adds the id of the record concerned to an [`Error::Store`]. Other errors stay as they are.
    #[must_use]
    pub fn about_record(self, id: &str) -> Self {
        match self {
            Self::Store { operation, problem } => {
                let text = format!("{id:?}: {problem}");
                Self::Store { operation, problem: StoreProblem::new(text, problem.cause) }
            }
            other => other,
        }
    }

    /// An [`Error::Store`] that says that the store does not hold the customer's credentials.
    pub fn not_connected(company_id: &str) -> Self {
        let problem = format!("customer {company_id:?} is not connected; call connect() or import() first");
        Self::Store { operation: "load", problem: problem.into() }
    }

    /// An [`Error::TokenInvalid`] for an answer whose refresh token is usable and whose access token is not.
    pub fn no_access_token() -> Self {
        let problem =
            "its access_token is missing or damaged; its refresh_token is good, and the next use renews";
        Self::TokenInvalid { problem: problem.into(), status: None, answer: Box::default() }
    }

    /// An [`Error::Network`] whose destination is filled in later, by [`Error::on_the_way`].
    pub fn network(kind: NetworkKind, sent: bool, reason: impl Into<Option<Reason>>) -> Self {
        Self::Network { kind, sent, to: None, reason: reason.into().map(Arc::new) }
    }

    /// Fills in the destination of the request, if the error has a place for it that is still empty. `sent` says that
    /// an earlier request of the same call was sent.
    #[must_use]
    pub fn on_the_way(mut self, sent: bool, destination: impl FnOnce() -> Destination) -> Self {
        match &mut self {
            Self::Network { sent: known, to, .. } | Self::Timeout { sent: known, to, .. } => {
                *known |= sent;
                to.get_or_insert_with(|| Arc::new(destination()));
            }
            Self::ConnectTimeout { to } | Self::TurnTooLate { to, .. } | Self::AnswersUnread { to, .. } => {
                to.get_or_insert_with(|| Arc::new(destination()));
            }
            _ => {}
        }
        self
    }

    /// The stable name of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Configuration { .. } => ErrorCode::Configuration,
            Self::Closed => ErrorCode::Closed,
            Self::QueueFull { .. } | Self::NoTurnInTime { .. } => ErrorCode::QueueFull,
            Self::Api(api) => api.code(),
            Self::InvalidResponse { .. } => ErrorCode::InvalidResponse,
            Self::Network { .. } => ErrorCode::Network,
            Self::Redirect { .. } => ErrorCode::Redirect,
            Self::Pagination { .. } => ErrorCode::Pagination,
            Self::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
            Self::BodyInterrupted => ErrorCode::BodyInterrupted,
            Self::Timeout { .. }
            | Self::ConnectTimeout { .. }
            | Self::TurnTooLate { .. }
            | Self::AnswersUnread { .. } => ErrorCode::Timeout,
            Self::TokenRefused { .. } => ErrorCode::TokenRefused,
            Self::TokenUnavailable { .. } => ErrorCode::TokenUnavailable,
            Self::TokenInvalid { .. } => ErrorCode::TokenInvalid,
            Self::AuthorizationDenied { .. } => ErrorCode::AuthorizationDenied,
            Self::CallbackRefused { .. } => ErrorCode::CallbackRefused,
            Self::ReauthorizationRequired { .. } => ErrorCode::ReauthorizationRequired,
            Self::UnknownGrant { .. } => ErrorCode::UnknownGrant,
            Self::AlreadyIntegrated { .. } => ErrorCode::AlreadyIntegrated,
            Self::Store { .. } | Self::SharedLimits { .. } => ErrorCode::Store,
            Self::WebhookRefused { .. } => ErrorCode::WebhookRefused,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Whether the token endpoint's refusal lasts until the client, the request or the server is changed. It does if
    /// the answer names a code of RFC 6749 section 5.2, or is a 401 or 403 without one, which is how servers refuse a
    /// client.
    pub fn is_lasting_refusal(&self) -> bool {
        match self {
            Self::TokenRefused { error, .. } => !error.is_passing() || self.refuses_client(),
            _ => false,
        }
    }

    /// Whether the token endpoint refused the client itself, and with it every grant of that client.
    pub fn refuses_client(&self) -> bool {
        match self {
            Self::TokenRefused { error, status, .. } => match error {
                OAuthErrorCode::InvalidClient | OAuthErrorCode::UnauthorizedClient => true,
                OAuthErrorCode::Unnamed => matches!(status, 401 | 403),
                // Web frameworks write the status phrase here, which is not an OAuth code.
                OAuthErrorCode::Other(code) => {
                    matches!(status, 401 | 403) && ["Unauthorized", "Forbidden"].contains(&code.as_str())
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// How long the token endpoint asks its client to wait before the next exchange, at most an hour.
    pub fn token_retry_after(&self) -> Option<Duration> {
        match self {
            Self::TokenRefused { answer, .. }
            | Self::TokenUnavailable { answer, .. }
            | Self::TokenInvalid { answer, .. } => answer.retry_after,
            _ => None,
        }
    }

    /// Whether the same attempt may succeed later without any change to the configuration or the grant.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::QueueFull { .. }
            | Self::NoTurnInTime { .. }
            | Self::TurnTooLate { .. }
            | Self::AnswersUnread { .. }
            | Self::Network { .. }
            | Self::Timeout { .. }
            | Self::ConnectTimeout { .. }
            | Self::TokenUnavailable { .. }
            | Self::TokenInvalid { .. }
            | Self::Store { .. }
            | Self::SharedLimits { .. } => true,
            Self::Api(api) => matches!(api.code(), ErrorCode::RateLimit | ErrorCode::Server),
            Self::TokenRefused { .. } => !self.is_lasting_refusal(),
            Self::Configuration { .. }
            | Self::Closed
            | Self::InvalidResponse { .. }
            | Self::Redirect { .. }
            | Self::Pagination { .. }
            | Self::BodyTooLarge { .. }
            | Self::BodyInterrupted
            | Self::AuthorizationDenied { .. }
            | Self::CallbackRefused { .. }
            | Self::ReauthorizationRequired { .. }
            | Self::UnknownGrant { .. }
            | Self::AlreadyIntegrated { .. }
            | Self::WebhookRefused { .. }
            | Self::Internal { .. } => false,
        }
    }
}

impl ApiError {
    /// Groups statuses by what the caller can do. The vendor answers 422 for the same reasons as 400.
    fn code(&self) -> ErrorCode {
        match self.status {
            400 | 422 => ErrorCode::BadRequest,
            401 => ErrorCode::Authentication,
            403 => ErrorCode::Permission,
            404 => ErrorCode::NotFound,
            409 => ErrorCode::Conflict,
            429 => ErrorCode::RateLimit,
            500..=599 => ErrorCode::Server,
            _ => ErrorCode::UnexpectedStatus,
        }
    }
}

/// Why a grant has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReauthorizationReason {
    /// The server refused a refresh token that was not presented before: it was revoked, or expired after 28 days
    /// without use.
    RevokedOrExpired,
    /// The answer to an earlier exchange was lost, and the refresh token that it presented is spent.
    ResponseLost,
    /// The app forgot the grant.
    Forgotten,
    /// The app exported the grant. The app that imported it owns it now.
    Exported,
}

impl ReauthorizationReason {
    fn describe(self) -> &'static str {
        match self {
            Self::RevokedOrExpired => {
                "its refresh token was revoked, or expired after 28 days without use; send the user through authorizationUrl()"
            }
            Self::ResponseLost => {
                "the answer to an earlier token exchange was lost and its refresh token is spent; send the user through authorizationUrl()"
            }
            Self::Exported => {
                "it was exported by export(); use it where it was imported, or import() it here again"
            }
            Self::Forgotten => "it was forgotten by forget(); send the user through authorizationUrl()",
        }
    }
}

/// What is known about a customer's credentials that were issued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationReason {
    /// They were not issued through this store: another program or another store has them.
    IssuedElsewhere,
    /// They were requested through this store, and the answer was lost.
    ResponseLost,
    /// They were in this store until the customer was disconnected.
    Disconnected,
}

impl IntegrationReason {
    fn describe(self) -> &'static str {
        match self {
            Self::IssuedElsewhere => {
                "its credentials were issued before, and are not in this store; give them to import(), or ask \
                 SmartRecruiters to reset the integration, and connect() again"
            }
            Self::ResponseLost => {
                "the answer to an earlier connect() was lost, and its credentials with it; ask SmartRecruiters to \
                 reset the integration, and connect() again"
            }
            Self::Disconnected => {
                "its credentials left the store by disconnect(); give them to import(), or ask SmartRecruiters to \
                 reset the integration, and connect() again"
            }
        }
    }
}

/// An error code of RFC 6749 sections 4.1.2.1 and 5.2, or one of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 6749 section 5.2")]
pub enum OAuthErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    Other(String),
    /// The server named no code. Only the status and the server's description say what it means.
    Unnamed,
}

impl OAuthErrorCode {
    /// Reads a code as the server wrote it. RFC 6749 allows printable ASCII only. Text with other characters or of more
    /// than 64 is replaced by [`Self::unreadable`], since it is not a code.
    pub fn parse(text: &str) -> Self {
        if text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Self::unreadable();
        }
        match text {
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_scope" => Self::InvalidScope,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The code that stands in for one that must not be shown, because it is malformed or quotes a secret.
    pub fn unreadable() -> Self {
        Self::Other("unreadable_error_code".to_owned())
    }

    /// Whether the failure may pass by itself. That is true of codes outside RFC 6749 section 5.2, such as
    /// `temporarily_unavailable`.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Other(_) | Self::Unnamed)
    }

    /// The code as the server sent it, or an empty text if the server named none.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::Other(text) => text,
            Self::Unnamed => "",
        }
    }

    /// The end of a sentence about a refused exchange: the code or status, and what to do about it.
    fn refusal(&self, status: u16) -> String {
        match self {
            Self::Unnamed if matches!(status, 401 | 403) => {
                format!(" (HTTP {status}){}", Self::InvalidClient.remedy())
            }
            Self::Unnamed => format!(" (HTTP {status})"),
            Self::Other(code) if ["Unauthorized", "Forbidden"].contains(&code.as_str()) => {
                format!(": {self}{}", Self::InvalidClient.remedy())
            }
            _ => format!(": {self}{}", self.remedy()),
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::InvalidClient => {
                "; check clientId and clientSecret, and that they belong to this environment"
            }
            Self::InvalidGrant => {
                "; the code or refresh token was already used or revoked, or belongs to another client"
            }
            Self::UnauthorizedClient => "; this client may not use this grant type",
            Self::InvalidScope => "; request only scopes that the credential was created with",
            Self::InvalidRequest | Self::UnsupportedGrantType | Self::Other(_) | Self::Unnamed => "",
        }
    }
}

impl std::fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_the_code_that_callers_act_on() {
        let code = |status| {
            let api = ApiError { status, ..ApiError::default() };
            Error::Api(Box::new(api)).code()
        };
        assert_eq!(code(400), ErrorCode::BadRequest);
        assert_eq!(code(422), ErrorCode::BadRequest);
        assert_eq!(code(401), ErrorCode::Authentication);
        assert_eq!(code(403), ErrorCode::Permission);
        assert_eq!(code(404), ErrorCode::NotFound);
        assert_eq!(code(409), ErrorCode::Conflict);
        assert_eq!(code(429), ErrorCode::RateLimit);
        assert_eq!(code(503), ErrorCode::Server);
        assert_eq!(code(302), ErrorCode::UnexpectedStatus);
    }

    #[test]
    fn oauth_codes_survive_a_round_trip() {
        for text in ["invalid_client", "invalid_grant", "temporarily_unavailable"] {
            assert_eq!(OAuthErrorCode::parse(text).as_str(), text);
        }
    }

    #[test]
    fn a_made_up_oauth_code_cannot_smuggle_text() {
        for text in ["line\nbreak", "é", &"x".repeat(65)] {
            assert_eq!(OAuthErrorCode::parse(text), OAuthErrorCode::unreadable(), "{text}");
        }
    }
}

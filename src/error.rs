//! [`Error`]: everything that can go wrong, named by what the caller can do about it.
//!
//! No variant ever holds a secret or a URL's query; of a token endpoint's body, only its words about the failure.

mod network;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub use network::{Destination, NetworkKind, Phase, Reason, io_code, without_number};

/// The result of everything fallible in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause underneath an error, kept for `source()`. Shared, since one failed exchange answers many callers.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Everything that can go wrong. [`Error::code`] is the stable name that JavaScript sees.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// An option or argument is wrong; nothing was sent. Mend the field that is named.
    #[error("{field}: {problem}")]
    Configuration {
        /// The option or argument, as the caller wrote it: `baseUrl`, `params.id`.
        field: Cow<'static, str>,
        /// What is wrong and what would be right. Never the value.
        problem: Cow<'static, str>,
    },

    /// The client was closed. Make a new one.
    #[error("the client is closed; make a new one")]
    Closed,

    /// So many calls wait for an endpoint already that this one was not queued; nothing was sent.
    #[error(
        "{limit} calls wait for {endpoint} already; wait for some of them first, or raise `limits.queue`"
    )]
    QueueFull {
        /// The method and path template.
        endpoint: String,
        /// How many may wait.
        limit: usize,
    },

    /// The turn of a call cannot come before its deadline; nothing was sent.
    #[error(
        "a call to {endpoint} would get its turn in {} ms at the earliest, and has {} ms left; call again then, or \
         raise `timeout`",
        .wait.as_millis(), .left.as_millis()
    )]
    NoTurnInTime {
        /// The method and path template.
        endpoint: String,
        /// How long until its turn, at least.
        wait: Duration,
        /// How long until its deadline.
        left: Duration,
    },

    /// The turn of a call came when too little was left of its deadline for an answer; nothing was sent.
    #[error(
        "the turn came with {} ms left, and an answer of {endpoint} usually takes {} ms; raise `timeout`",
        .left.as_millis(), .usual.as_millis()
    )]
    TurnTooLate {
        /// The method and path template.
        endpoint: String,
        /// How long until its deadline.
        left: Duration,
        /// How long nearly every answer takes.
        usual: Duration,
        /// Where it was to go.
        to: Option<Arc<Destination>>,
    },

    /// The caller's deadline passed while answers that nobody reads on held all places.
    #[error(
        "timed out after {} ms while waiting for its turn: {count} answer{} of {of} {} unread; read or cancel the body of \
         each `Response`",
        .limit.as_millis(), if *.count == 1 { "" } else { "s" }, if *.count == 1 { "is" } else { "are" }
    )]
    AnswersUnread {
        /// An endpoint's method and path template, or the API.
        of: String,
        /// How many answers are unread.
        count: usize,
        /// The deadline.
        limit: Duration,
        /// Where the call was to go.
        to: Option<Arc<Destination>>,
    },

    /// The API answered with something other than success.
    #[error("{0}")]
    Api(Box<ApiError>),

    /// The answer is not what its content type says. Nothing is known of the request's effect beyond its status.
    #[error("the answer could not be read: {problem}")]
    InvalidResponse {
        /// What is wrong with the answer.
        problem: Cow<'static, str>,
    },

    /// No answer, because of the network. `sent` tells whether the server may have seen the request.
    #[error("{}", network::message(*.kind, *.sent, .to.as_ref(), .reason.as_ref()))]
    Network {
        /// Where it failed.
        kind: NetworkKind,
        /// False when it is certain that the server did not process the request.
        sent: bool,
        /// Where the request went, or was to go.
        to: Option<Arc<Destination>>,
        /// Why it failed.
        #[source]
        reason: Option<Arc<Reason>>,
    },

    /// A redirect was not followed; the request that it answered was sent.
    #[error("a redirect was not followed: {problem}")]
    Redirect {
        /// Why not.
        problem: Cow<'static, str>,
    },

    /// A list cannot be read on, though the API answered: it names no page to which one could go.
    #[error("the list cannot be read on: {problem}")]
    Pagination {
        /// What is wrong, and what to do about it.
        problem: Cow<'static, str>,
    },

    /// The answer's body is longer than what is read into memory.
    #[error("the answer is longer than {limit} bytes; raise `maxBodySize`, or stream it by `fetch()`")]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },

    /// The request's streamed body was given up before its end; the server got a part of it.
    #[error("the request's body was not given to its end")]
    BodyInterrupted,

    /// No connection within the time for it; nothing was sent.
    #[error("{}", network::connect_timeout_message(.to.as_ref()))]
    ConnectTimeout {
        /// Where to.
        to: Option<Arc<Destination>>,
    },

    /// The caller's deadline passed.
    #[error("{}", network::timeout_message(*.phase, *.limit, .to.as_ref()))]
    Timeout {
        /// What was being done when it passed.
        phase: Phase,
        /// The deadline.
        limit: Duration,
        /// False when it is certain that no byte of the request left.
        sent: bool,
        /// Where the request went, or was to go.
        to: Option<Arc<Destination>>,
    },

    /// The authorization server refused the token exchange: with an OAuth error (RFC 6749 section 5.2), or in its own way
    /// ([`OAuthErrorCode::Unnamed`]).
    #[error("the authorization server refused the token exchange{}{answer}", .error.refusal(*.status))]
    TokenRefused {
        /// The error code of RFC 6749.
        error: OAuthErrorCode,
        /// The HTTP status of the answer.
        status: u16,
        /// What else the server said.
        answer: Box<TokenAnswer>,
    },

    /// The authorization server could not be asked, or gave no OAuth answer: try again later.
    #[error("no access token: {problem}{answer}")]
    TokenUnavailable {
        /// What happened.
        problem: Cow<'static, str>,
        /// The HTTP status of the answer, if there was one that could be read.
        status: Option<u16>,
        /// What else the server said, if anything.
        answer: Box<TokenAnswer>,
        /// False when it is certain that no byte of the request left.
        sent: bool,
        /// The network error underneath.
        #[source]
        source: Option<Box<Error>>,
    },

    /// The authorization server said success, but its answer holds no usable token (it may be `{}`).
    #[error("the authorization server's answer holds no usable token: {problem}{answer}")]
    TokenInvalid {
        /// What is wrong with the answer.
        problem: Cow<'static, str>,
        /// The HTTP status of the answer, if it could be read.
        status: Option<u16>,
        /// What else the server said.
        answer: Box<TokenAnswer>,
    },

    /// The browser came back from the authorization server without a code (RFC 6749 section 4.1.2.1).
    #[error("authorization failed: {error}")]
    AuthorizationDenied {
        /// The error code: `access_denied` when the user said no.
        error: OAuthErrorCode,
        /// The server's `error_description`, if it gave one.
        description: Option<String>,
    },

    /// The callback does not belong to the request that it claims to answer. Start again; never use its code.
    #[error("the authorization callback was refused: {problem}")]
    CallbackRefused {
        /// What is wrong with it.
        problem: Cow<'static, str>,
    },

    /// The grant is over: the customer has to authorize again.
    #[error("grant {grant_id:?} needs to be authorized again: {}", .reason.describe())]
    ReauthorizationRequired {
        /// The grant's id in the store.
        grant_id: String,
        /// Why.
        reason: ReauthorizationReason,
    },

    /// The store has no grant of this id.
    #[error("there is no grant {grant_id:?}; exchange() or import() makes one")]
    UnknownGrant {
        /// The id.
        grant_id: String,
    },

    /// The API has issued this customer's credentials before, and does so once; they are not in the store.
    #[error("customer {company_id:?} is integrated already, but not connected: {}", .reason.describe())]
    AlreadyIntegrated {
        /// The customer's company id.
        company_id: String,
        /// What is known of its credentials.
        reason: IntegrationReason,
        /// What the API said.
        answer: Box<ApiError>,
    },

    /// The store could not be used. Nothing was exchanged, unless the problem says that credentials were issued.
    #[error("the store failed to {operation}: {problem}")]
    Store {
        /// `load`, `swap`, `remove` or `due`.
        operation: &'static str,
        /// What the store said.
        problem: StoreProblem,
    },

    /// The place where processes share the limits could not be used. Until it can, each process keeps to its part.
    #[error("the shared limits cannot be reached: {problem}")]
    SharedLimits {
        /// What happened, where, and what to do about it.
        problem: Cow<'static, str>,
        /// The error underneath.
        #[source]
        source: Option<Cause>,
    },

    /// A defect of this library. Please report it.
    #[error("internal error: {problem}; please report it")]
    Internal {
        /// What was found.
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
    /// A problem with the error underneath it, which must hold no secret and no record.
    pub fn new(text: impl Into<Cow<'static, str>>, cause: Option<Cause>) -> Self {
        Self { text: text.into(), cause }
    }

    /// The error underneath it, if there is one.
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

/// An answer of the API other than success. Holds no secret that was sent: what quotes one is replaced.
#[derive(Debug, Clone, Default)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The method and the path that were asked for, with the values of its `{name}`s: `GET /jobs/1`. No query.
    pub request: String,
    /// The server's words, or those that stand for the status.
    pub message: String,
    /// The vendor's code, such as `PERMISSION_DENIED`.
    pub vendor_code: Option<String>,
    /// The vendor's `errors[]`, or what other servers have in its place.
    pub errors: Vec<ErrorDetail>,
    /// The vendor's id of the request, to quote to support.
    pub request_id: Option<String>,
    /// The answer's headers, one `name: value` a line, without cookies.
    pub headers: String,
    /// The answer's body, as far as it is text: at most 16 KiB.
    pub body: String,
}

/// More entries of `errors[]` than these are counted in a message, and not shown.
const SHOWN_DETAILS: usize = 5;

impl std::fmt::Display for ApiError {
    /// `404 GET /jobs/1: Not found`, with the entries of `errors[]` that say more.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        if !self.request.is_empty() {
            write!(f, " {}", self.request)?;
        }
        write!(f, ": {}", self.message)?;
        let details: Vec<_> = self.errors.iter().map(ToString::to_string).collect();
        let more: Vec<_> = details.iter().filter(|detail| !self.message.contains(detail.as_str())).collect();
        for (at, detail) in more.iter().take(SHOWN_DETAILS).enumerate() {
            write!(f, "{}{detail}", if at == 0 { " (" } else { "; " })?;
        }
        match more.len().saturating_sub(SHOWN_DETAILS) {
            _ if more.is_empty() => Ok(()),
            0 => f.write_str(")"),
            rest => write!(f, "; and {rest} more)"),
        }
    }
}

/// What a token endpoint said instead of giving tokens. Quotes of secrets that it was sent are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenAnswer {
    /// The server's own words: its `error_description`, `message` or text.
    pub description: Option<String>,
    /// The server's id of the request, to quote to support.
    pub request_id: Option<String>,
    /// The answer's headers, one `name: value` a line, without those that may hold secrets.
    pub headers: String,
    /// How long the server asks to wait before it is asked again, at most an hour.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for TokenAnswer {
    /// The end of a sentence about the exchange; empty if the server said nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(description) = &self.description {
            write!(f, "; the server says: {description}")?;
        }
        if let Some(after) = self.retry_after {
            write!(f, "; it asks to wait {} s", after.as_secs())?;
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
    /// The field of the request that it is about, if it names one: the vendor's `dataPath`.
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
    Internal,
}

impl Error {
    /// A [`Error::Configuration`] about `field`.
    pub fn configuration(field: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Configuration { field: field.into(), problem: problem.into() }
    }

    /// The same, with the id of the record that it is about, if a store's.
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

    /// An [`Error::Store`]: the customer's credentials are not there.
    pub fn not_connected(company_id: &str) -> Self {
        let problem = format!("customer {company_id:?} is not connected; connect() or import() does that");
        Self::Store { operation: "load", problem: problem.into() }
    }

    /// An [`Error::TokenInvalid`]: the answer's refresh token is good, and its access token is not.
    pub fn no_access_token() -> Self {
        let problem =
            "its access_token is missing or damaged; its refresh_token is good, and the next use renews";
        Self::TokenInvalid { problem: problem.into(), status: None, answer: Box::default() }
    }

    /// An [`Error::Network`], of which it is not known yet where the request went.
    pub fn network(kind: NetworkKind, sent: bool, reason: impl Into<Option<Reason>>) -> Self {
        Self::Network { kind, sent, to: None, reason: reason.into().map(Arc::new) }
    }

    /// The same, with where the request went, if the error tells that and does not yet. `sent` says that an earlier
    /// request of the same call left.
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
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Whether the token endpoint refused the exchange in a way that only a change of the client, the request or the
    /// server ends: by a code of RFC 6749 section 5.2, or by a 401 or 403 without one, as servers refuse a client.
    pub fn is_lasting_refusal(&self) -> bool {
        match self {
            Self::TokenRefused { error, .. } => !error.is_passing() || self.refuses_client(),
            _ => false,
        }
    }

    /// Whether the token endpoint refused the client, and so every grant of it.
    pub fn refuses_client(&self) -> bool {
        match self {
            Self::TokenRefused { error, status, .. } => match error {
                OAuthErrorCode::InvalidClient | OAuthErrorCode::UnauthorizedClient => true,
                OAuthErrorCode::Unnamed => matches!(status, 401 | 403),
                // The status in words, as web frameworks write it, is not a code of OAuth.
                OAuthErrorCode::Other(code) => {
                    matches!(status, 401 | 403) && ["Unauthorized", "Forbidden"].contains(&code.as_str())
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// How long the token endpoint asks to wait before it is asked again, at most an hour.
    pub fn token_retry_after(&self) -> Option<Duration> {
        match self {
            Self::TokenRefused { answer, .. }
            | Self::TokenUnavailable { answer, .. }
            | Self::TokenInvalid { answer, .. } => answer.retry_after,
            _ => None,
        }
    }

    /// Whether the same attempt may succeed later without anybody changing anything.
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
            | Self::Internal { .. } => false,
        }
    }
}

impl ApiError {
    /// Statuses by what the caller can do. The vendor answers 422 for the same reasons as 400.
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

/// Why a grant is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReauthorizationReason {
    /// The server refused the refresh token at the first try: it was revoked, or 28 days passed without use.
    RevokedOrExpired,
    /// An earlier exchange was sent and its answer lost; the refresh token is now spent.
    ResponseLost,
    /// The app forgot it.
    Forgotten,
    /// The app exported it: whoever imported it has it now.
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

/// What is known of a customer's credentials that were issued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationReason {
    /// Nothing: they were issued to somebody else, or to another store.
    IssuedElsewhere,
    /// They were asked for, and the answer was lost.
    ResponseLost,
    /// They were here until the customer was disconnected.
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

/// An error code of RFC 6749 sections 4.1.2.1 and 5.2, or another that the server made up.
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
    /// The server named no code: what it means shows in the status and in its words.
    Unnamed,
}

impl OAuthErrorCode {
    /// Reads a code as the server wrote it. RFC 6749 allows printable ASCII; anything longer than a code is none.
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

    /// In place of a code that must not be shown: no code at all, or one that quotes a secret.
    pub fn unreadable() -> Self {
        Self::Other("unreadable_error_code".to_owned())
    }

    /// Whether it may pass by itself: no code of RFC 6749 section 5.2, but `temporarily_unavailable` and the like.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Other(_) | Self::Unnamed)
    }

    /// The code as it stands on the wire; empty if the server named none.
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

    /// The end of a sentence about a refused exchange: by what, and what to do.
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
                "; the code or refresh token was already used, revoked, or is not of this client"
            }
            Self::UnauthorizedClient => "; this client may not use this grant type",
            Self::InvalidScope => "; ask only for scopes that the credential was made with",
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

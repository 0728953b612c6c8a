//! [`NativeError`]: an error as a plain record. The face makes a JavaScript error of it: only there does it get the
//! caller's stack and the caller's realm.

use std::error::Error as _;
use std::sync::Arc;

use napi_derive::napi;

use crate::error::{
    ApiError, Destination, Error, ErrorCode, ErrorDetail, IntegrationReason, NetworkKind, Phase, Reason,
    ReauthorizationReason, TokenAnswer, io_code, without_number,
};
use crate::tls;

/// The stable name of an error.
#[napi(string_enum = "UPPER_SNAKE")]
#[derive(Default)]
pub enum NativeErrorCode {
    /// An option or argument is wrong.
    Configuration,
    /// The client was closed.
    Closed,
    /// Too many calls wait for an endpoint.
    QueueFull,
    /// The API answered 400 or 422.
    BadRequest,
    /// The API answered 401.
    Authentication,
    /// The API answered 403.
    Permission,
    /// The API answered 404.
    NotFound,
    /// The API answered 409.
    Conflict,
    /// The API answered 429.
    RateLimit,
    /// The API answered 5xx.
    Server,
    /// The API answered another status that is no success.
    UnexpectedStatus,
    /// The answer is not what its content type says.
    InvalidResponse,
    /// A redirect was not followed.
    Redirect,
    /// A list cannot be read on.
    Pagination,
    /// The answer is longer than what is read into memory.
    BodyTooLarge,
    /// The request's streamed body was given up.
    BodyInterrupted,
    /// No answer, because of the network.
    Network,
    /// The call's deadline passed.
    Timeout,
    /// The authorization server refused the token exchange.
    TokenRefused,
    /// The authorization server could not be asked.
    TokenUnavailable,
    /// The authorization server's answer holds no usable token.
    TokenInvalid,
    /// The user or the authorization server said no.
    AuthorizationDenied,
    /// The callback does not belong to the authorization request.
    CallbackRefused,
    /// The customer has to authorize again.
    ReauthorizationRequired,
    /// The store has no such grant.
    UnknownGrant,
    /// The API has issued the customer's credentials before.
    AlreadyIntegrated,
    /// The store could not be used.
    Store,
    /// A defect of this library.
    #[default]
    Internal,
}

impl From<ErrorCode> for NativeErrorCode {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Configuration => Self::Configuration,
            ErrorCode::Closed => Self::Closed,
            ErrorCode::QueueFull => Self::QueueFull,
            ErrorCode::BadRequest => Self::BadRequest,
            ErrorCode::Authentication => Self::Authentication,
            ErrorCode::Permission => Self::Permission,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::Conflict => Self::Conflict,
            ErrorCode::RateLimit => Self::RateLimit,
            ErrorCode::Server => Self::Server,
            ErrorCode::UnexpectedStatus => Self::UnexpectedStatus,
            ErrorCode::InvalidResponse => Self::InvalidResponse,
            ErrorCode::Redirect => Self::Redirect,
            ErrorCode::Pagination => Self::Pagination,
            ErrorCode::BodyTooLarge => Self::BodyTooLarge,
            ErrorCode::BodyInterrupted => Self::BodyInterrupted,
            ErrorCode::Network => Self::Network,
            ErrorCode::Timeout => Self::Timeout,
            ErrorCode::TokenRefused => Self::TokenRefused,
            ErrorCode::TokenUnavailable => Self::TokenUnavailable,
            ErrorCode::TokenInvalid => Self::TokenInvalid,
            ErrorCode::AuthorizationDenied => Self::AuthorizationDenied,
            ErrorCode::CallbackRefused => Self::CallbackRefused,
            ErrorCode::ReauthorizationRequired => Self::ReauthorizationRequired,
            ErrorCode::UnknownGrant => Self::UnknownGrant,
            ErrorCode::AlreadyIntegrated => Self::AlreadyIntegrated,
            ErrorCode::Store => Self::Store,
            ErrorCode::Internal => Self::Internal,
        }
    }
}

/// Where the network failed.
#[napi(string_enum = "lowercase")]
pub enum NativeNetworkKind {
    /// The host name has no address.
    Dns,
    /// No connection.
    Connect,
    /// No secure connection.
    Tls,
    /// The connection ended too early.
    Reset,
    /// The answer is no HTTP.
    Protocol,
}

impl From<NetworkKind> for NativeNetworkKind {
    fn from(kind: NetworkKind) -> Self {
        match kind {
            NetworkKind::Dns => Self::Dns,
            NetworkKind::Connect => Self::Connect,
            NetworkKind::Tls => Self::Tls,
            NetworkKind::Reset => Self::Reset,
            NetworkKind::Protocol => Self::Protocol,
        }
    }
}

/// What a call was doing when its deadline passed.
#[napi(string_enum = "lowercase")]
pub enum NativePhase {
    /// Waiting for its turn within the rate limits, or for a free connection.
    Queue,
    /// Waiting for an access token.
    Token,
    /// Connecting.
    Connect,
    /// Sending, and waiting for the answer's headers.
    Response,
    /// Reading the answer's body.
    Body,
    /// Waiting before a retry.
    Retry,
}

impl From<Phase> for NativePhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Queue => Self::Queue,
            Phase::Token => Self::Token,
            Phase::Connect => Self::Connect,
            Phase::Response => Self::Response,
            Phase::Body => Self::Body,
            Phase::Retry => Self::Retry,
        }
    }
}

/// Why a grant is over.
#[napi(string_enum = "camelCase")]
pub enum NativeReauthorizationReason {
    /// The refresh token was revoked, or 28 days passed without use.
    RevokedOrExpired,
    /// The answer to an earlier exchange was lost.
    ResponseLost,
    /// The app forgot it.
    Forgotten,
    /// The app exported it.
    Exported,
}

impl From<ReauthorizationReason> for NativeReauthorizationReason {
    fn from(reason: ReauthorizationReason) -> Self {
        match reason {
            ReauthorizationReason::RevokedOrExpired => Self::RevokedOrExpired,
            ReauthorizationReason::ResponseLost => Self::ResponseLost,
            ReauthorizationReason::Forgotten => Self::Forgotten,
            ReauthorizationReason::Exported => Self::Exported,
        }
    }
}

/// What is known of a customer's credentials that were issued before.
#[napi(string_enum = "camelCase")]
pub enum NativeIntegrationReason {
    /// Nothing: they were issued to somebody else, or to another store.
    IssuedElsewhere,
    /// They were asked for, and the answer was lost.
    ResponseLost,
    /// They were here until the customer was disconnected.
    Disconnected,
}

impl From<IntegrationReason> for NativeIntegrationReason {
    fn from(reason: IntegrationReason) -> Self {
        match reason {
            IntegrationReason::IssuedElsewhere => Self::IssuedElsewhere,
            IntegrationReason::ResponseLost => Self::ResponseLost,
            IntegrationReason::Disconnected => Self::Disconnected,
        }
    }
}

/// One entry of the vendor's `errors[]`.
#[napi(object, object_from_js = false)]
pub struct NativeErrorDetail {
    /// Its code.
    pub code: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// The field of the request that it is about.
    pub field: Option<String>,
}

/// An error underneath another.
#[napi(object, object_from_js = false)]
pub struct NativeCause {
    /// What happened.
    pub message: String,
    /// What Node calls it, such as `ECONNREFUSED`.
    pub code: Option<String>,
}

/// An error as a plain record. Which fields are there depends on `code`.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeError {
    /// The stable name.
    pub code: NativeErrorCode,
    /// What happened, and the remedy.
    pub message: String,
    /// The errors underneath, outermost first.
    pub causes: Vec<NativeCause>,
    /// The option or argument that is wrong.
    pub field: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The vendor's code.
    pub vendor_code: Option<String>,
    /// The vendor's `errors[]`.
    pub errors: Option<Vec<NativeErrorDetail>>,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The answer's headers, one `name: value` a line.
    pub headers: Option<String>,
    /// The answer's body, as far as it is text.
    pub body: Option<String>,
    /// Whether a byte of the request may have left.
    pub sent: Option<bool>,
    /// The host that the request went to, or was to go to.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<u32>,
    /// The proxy on the way there, without user and password.
    pub proxy: Option<String>,
    /// How long the token endpoint asks to wait before it is asked again, in milliseconds.
    pub retry_after: Option<f64>,
    /// Where the network failed.
    pub kind: Option<NativeNetworkKind>,
    /// What the call was doing when its deadline passed.
    pub phase: Option<NativePhase>,
    /// How long until the call's turn would have come, in milliseconds.
    pub turn_in: Option<f64>,
    /// The error code of RFC 6749.
    pub oauth_error: Option<String>,
    /// The server's own words.
    pub oauth_error_description: Option<String>,
    /// The grant's id.
    pub grant_id: Option<String>,
    /// Why the grant is over.
    pub reason: Option<NativeReauthorizationReason>,
    /// The customer's company id.
    pub company_id: Option<String>,
    /// What is known of the customer's credentials.
    pub integration_reason: Option<NativeIntegrationReason>,
}

impl From<&Error> for NativeError {
    fn from(error: &Error) -> Self {
        let common = Self {
            code: error.code().into(),
            message: error.to_string(),
            causes: causes(error),
            ..Self::default()
        };
        match error {
            Error::Configuration { field, .. } => Self { field: Some(field.to_string()), ..common },
            Error::Api(api) => common.of(api),
            Error::AlreadyIntegrated { company_id, reason, answer } => Self {
                company_id: Some(company_id.clone()),
                integration_reason: Some((*reason).into()),
                ..common.of(answer)
            },
            Error::Network { kind, sent, to, .. } => {
                Self { kind: Some((*kind).into()), sent: Some(*sent), ..common.on_the_way(to.as_deref()) }
            }
            Error::Timeout { phase, sent, to, .. } => {
                Self { phase: Some((*phase).into()), sent: Some(*sent), ..common.on_the_way(to.as_deref()) }
            }
            Error::ConnectTimeout { to } => {
                Self { phase: Some(NativePhase::Connect), ..common.on_the_way(to.as_deref()) }
            }
            Error::TurnTooLate { to, .. } | Error::AnswersUnread { to, .. } => {
                Self { phase: Some(NativePhase::Queue), ..common.on_the_way(to.as_deref()) }
            }
            Error::NoTurnInTime { wait, .. } => Self { turn_in: Some(wait.as_secs_f64() * 1000.0), ..common },
            Error::TokenRefused { error, status, answer } => {
                let code = Some(error.as_str()).filter(|code| !code.is_empty());
                Self {
                    oauth_error: code.map(str::to_owned),
                    ..common.of_token_endpoint(Some(*status), answer)
                }
            }
            Error::TokenUnavailable { status, answer, .. } | Error::TokenInvalid { status, answer, .. } => {
                common.of_token_endpoint(*status, answer)
            }
            Error::AuthorizationDenied { error, description } => Self {
                oauth_error: Some(error.as_str().to_owned()),
                oauth_error_description: description.clone(),
                ..common
            },
            Error::ReauthorizationRequired { grant_id, reason } => {
                Self { grant_id: Some(grant_id.clone()), reason: Some((*reason).into()), ..common }
            }
            Error::UnknownGrant { grant_id } => Self { grant_id: Some(grant_id.clone()), ..common },
            Error::Closed
            | Error::QueueFull { .. }
            | Error::InvalidResponse { .. }
            | Error::Redirect { .. }
            | Error::Pagination { .. }
            | Error::BodyTooLarge { .. }
            | Error::BodyInterrupted
            | Error::CallbackRefused { .. }
            | Error::Store { .. }
            | Error::SharedLimits { .. }
            | Error::Internal { .. } => common,
        }
    }
}

impl NativeError {
    /// The error with where the request went, or was to go.
    fn on_the_way(self, to: Option<&Destination>) -> Self {
        let Some(Destination { host, port, proxy }) = to else { return self };
        Self { host: Some(host.clone()), port: Some((*port).into()), proxy: proxy.clone(), ..self }
    }

    /// The error with what the token endpoint's answer says.
    fn of_token_endpoint(self, status: Option<u16>, answer: &TokenAnswer) -> Self {
        Self {
            status,
            oauth_error_description: answer.description.clone(),
            request_id: answer.request_id.clone(),
            headers: Some(answer.headers.clone()),
            retry_after: answer.retry_after.map(|after| after.as_secs_f64() * 1000.0),
            ..self
        }
    }

    /// The error with what the API's answer says.
    fn of(self, api: &ApiError) -> Self {
        let detail = |detail: &ErrorDetail| NativeErrorDetail {
            code: detail.code.clone(),
            message: detail.message.clone(),
            field: detail.field.clone(),
        };
        Self {
            status: Some(api.status),
            vendor_code: api.vendor_code.clone(),
            errors: Some(api.errors.iter().map(detail).collect()),
            request_id: api.request_id.clone(),
            headers: Some(api.headers.clone()),
            body: Some(api.body.clone()),
            ..self
        }
    }
}

fn causes(error: &Error) -> Vec<NativeCause> {
    let first = match error {
        Error::Store { problem, .. } => {
            problem.cause().map(|cause| &**cause as &(dyn std::error::Error + 'static))
        }
        Error::ConnectTimeout { .. } => {
            let message = "the connection was not made in time (ETIMEDOUT)".to_owned();
            return vec![NativeCause { message, code: Some("ETIMEDOUT".to_owned()) }];
        }
        error => error.source(),
    };
    std::iter::successors(first, |cause: &&(dyn std::error::Error + 'static)| (**cause).source())
        .map(|cause| NativeCause {
            message: without_number(&cause.to_string()).to_owned(),
            code: node_code(cause).map(str::to_owned),
        })
        .collect()
}

/// What Node calls an error, if it has a name for it.
fn node_code(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(reason) = error.downcast_ref::<Arc<Reason>>() {
        return reason.code;
    }
    if let Some(failure) = error.downcast_ref::<tls::Failure>() {
        return failure.node_code;
    }
    error.downcast_ref::<std::io::Error>().and_then(io_code)
}

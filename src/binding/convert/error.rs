//! [`NativeError`]: an error as a plain record. The face turns it into a JavaScript error, since only the face has the
//! caller's stack and the caller's realm.

use std::error::Error as _;
use std::sync::Arc;

use napi_derive::napi;

use crate::error::{
    ApiError, Destination, Error, ErrorCode, ErrorDetail, IntegrationReason, NetworkKind, Permission, Phase,
    Reason, ReauthorizationReason, TokenAnswer, WebhookRefusal, io_code, without_number,
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
    /// Too many calls are waiting for an endpoint.
    QueueFull,
    /// The API answered with 400 or 422.
    BadRequest,
    /// The API answered with 401.
    Authentication,
    /// The API answered with 403.
    Permission,
    /// The API answered with 404.
    NotFound,
    /// The API answered with 409.
    Conflict,
    /// The API answered with 429.
    RateLimit,
    /// The API answered with 5xx.
    Server,
    /// The API answered with another unsuccessful status.
    UnexpectedStatus,
    /// The response is not what its content type says.
    InvalidResponse,
    /// A redirect was not followed.
    Redirect,
    /// The rest of a list cannot be read.
    Pagination,
    /// The response is longer than what may be read into memory.
    BodyTooLarge,
    /// The streamed body of the request ended too early.
    BodyInterrupted,
    /// The network failed, and there is no response.
    Network,
    /// The call's deadline passed.
    Timeout,
    /// The authorization server refused the token exchange.
    TokenRefused,
    /// The authorization server could not be reached, or could not answer.
    TokenUnavailable,
    /// The authorization server's response holds no usable token.
    TokenInvalid,
    /// The user or the authorization server denied the authorization request.
    AuthorizationDenied,
    /// The callback does not belong to the authorization request.
    CallbackRefused,
    /// The customer has to authorize again.
    ReauthorizationRequired,
    /// The store has no grant of this id.
    UnknownGrant,
    /// The API has already issued the customer's credentials.
    AlreadyIntegrated,
    /// The store could not be used.
    Store,
    /// A request to a webhook receiver was refused.
    WebhookRefused,
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
            ErrorCode::WebhookRefused => Self::WebhookRefused,
            ErrorCode::Internal => Self::Internal,
        }
    }
}

/// Where the network failed.
#[napi(string_enum = "lowercase")]
pub enum NativeNetworkKind {
    /// The host name could not be resolved.
    Dns,
    /// A connection could not be made.
    Connect,
    /// A secure connection could not be made.
    Tls,
    /// The connection ended too early.
    Reset,
    /// The response is not valid HTTP.
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
    /// The call was waiting for its turn within the rate limits, or for a free connection.
    Queue,
    /// The call was waiting for an access token.
    Token,
    /// The call was connecting.
    Connect,
    /// The call was sending the request, or waiting for the headers of the response.
    Response,
    /// The call was reading the body of the response.
    Body,
    /// The call was waiting before a retry.
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

/// Why a grant has ended.
#[napi(string_enum = "camelCase")]
pub enum NativeReauthorizationReason {
    /// The refresh token was revoked, or 28 days passed without use.
    RevokedOrExpired,
    /// The response to an earlier exchange was lost.
    ResponseLost,
    /// The app forgot the grant.
    Forgotten,
    /// The app exported the grant.
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

/// What is known of a customer's credentials that were already issued.
#[napi(string_enum = "camelCase")]
pub enum NativeIntegrationReason {
    /// They were issued to another system, or to another store.
    IssuedElsewhere,
    /// This app requested them, and the response was lost.
    ResponseLost,
    /// They were in the store until the customer was disconnected.
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

/// Why a request to a webhook receiver was refused.
#[napi(string_enum = "camelCase")]
pub enum NativeWebhookRefusal {
    /// The receiver knows no secret key.
    NoKey,
    /// The request has no signature.
    MissingSignature,
    /// The request has more signatures than the vendor sends.
    TooManySignatures,
    /// No signature was made with a known key for this request.
    NoMatch,
    /// The time of the signature is missing or malformed.
    MalformedTimestamp,
    /// The request was signed too long ago.
    TooOld,
    /// The request was signed too far in the future.
    FromFuture,
    /// A header of the event is malformed.
    MalformedHeader,
    /// The body is not a JSON object.
    MalformedBody,
    /// The request does not authenticate.
    Unauthorized,
    /// The body is too long.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body was read before.
    BodyConsumed,
}

impl From<WebhookRefusal> for NativeWebhookRefusal {
    fn from(reason: WebhookRefusal) -> Self {
        match reason {
            WebhookRefusal::NoKey => Self::NoKey,
            WebhookRefusal::MissingSignature => Self::MissingSignature,
            WebhookRefusal::TooManySignatures => Self::TooManySignatures,
            WebhookRefusal::NoMatch => Self::NoMatch,
            WebhookRefusal::MalformedTimestamp => Self::MalformedTimestamp,
            WebhookRefusal::TooOld => Self::TooOld,
            WebhookRefusal::FromFuture => Self::FromFuture,
            WebhookRefusal::MalformedHeader => Self::MalformedHeader,
            WebhookRefusal::MalformedBody => Self::MalformedBody,
            WebhookRefusal::Unauthorized => Self::Unauthorized,
            WebhookRefusal::BodyTooLarge => Self::BodyTooLarge,
            WebhookRefusal::BodyTooSlow => Self::BodyTooSlow,
            WebhookRefusal::BodyConsumed => Self::BodyConsumed,
        }
    }
}

impl From<NativeWebhookRefusal> for WebhookRefusal {
    fn from(reason: NativeWebhookRefusal) -> Self {
        match reason {
            NativeWebhookRefusal::NoKey => Self::NoKey,
            NativeWebhookRefusal::MissingSignature => Self::MissingSignature,
            NativeWebhookRefusal::TooManySignatures => Self::TooManySignatures,
            NativeWebhookRefusal::NoMatch => Self::NoMatch,
            NativeWebhookRefusal::MalformedTimestamp => Self::MalformedTimestamp,
            NativeWebhookRefusal::TooOld => Self::TooOld,
            NativeWebhookRefusal::FromFuture => Self::FromFuture,
            NativeWebhookRefusal::MalformedHeader => Self::MalformedHeader,
            NativeWebhookRefusal::MalformedBody => Self::MalformedBody,
            NativeWebhookRefusal::Unauthorized => Self::Unauthorized,
            NativeWebhookRefusal::BodyTooLarge => Self::BodyTooLarge,
            NativeWebhookRefusal::BodyTooSlow => Self::BodyTooSlow,
            NativeWebhookRefusal::BodyConsumed => Self::BodyConsumed,
        }
    }
}

/// One entry of the vendor's `errors[]`.
#[napi(object, object_from_js = false)]
pub struct NativeErrorDetail {
    /// The entry's code.
    pub code: Option<String>,
    /// The entry's message.
    pub message: Option<String>,
    /// The field of the request that the entry is about.
    pub field: Option<String>,
}

/// The cause of an error.
#[napi(object, object_from_js = false)]
pub struct NativeCause {
    /// What happened.
    pub message: String,
    /// Node's name for the cause, such as `ECONNREFUSED`.
    pub code: Option<String>,
}

/// An error as a plain record. `code` decides which other fields are set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeError {
    /// The stable name of the error.
    pub code: NativeErrorCode,
    /// What happened, and how to fix it.
    pub message: String,
    /// The causes, outermost first.
    pub causes: Vec<NativeCause>,
    /// The option or argument that is wrong.
    pub field: Option<String>,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// The vendor's error code.
    pub vendor_code: Option<String>,
    /// The vendor's `errors[]`.
    pub errors: Option<Vec<NativeErrorDetail>>,
    /// The id that the vendor gave the request.
    pub request_id: Option<String>,
    /// The headers of the response, one `name: value` a line.
    pub headers: Option<String>,
    /// The body of the response, as far as it is text.
    pub body: Option<String>,
    /// The scopes that the operation needs.
    pub required_scopes: Option<Vec<String>>,
    /// The scopes of the access token.
    pub granted_scopes: Option<Vec<String>>,
    /// The scopes that the operation needs and the access token lacks.
    pub missing_scopes: Option<Vec<String>>,
    /// Whether the API may have processed the request.
    pub sent: Option<bool>,
    /// The host that the request was for.
    pub host: Option<String>,
    /// The port of `host`.
    pub port: Option<u32>,
    /// The proxy on the way to `host`, without user and password.
    pub proxy: Option<String>,
    /// How long the token endpoint asks to wait before the next attempt, in milliseconds.
    pub retry_after: Option<f64>,
    /// Where the network failed.
    pub kind: Option<NativeNetworkKind>,
    /// What the call was doing when its deadline passed.
    pub phase: Option<NativePhase>,
    /// How long the call would still have had to wait for its turn, in milliseconds.
    pub turn_in: Option<f64>,
    /// The error code of RFC 6749.
    pub oauth_error: Option<String>,
    /// The authorization server's description of the error.
    pub oauth_error_description: Option<String>,
    /// The id of the grant.
    pub grant_id: Option<String>,
    /// Why the grant has ended.
    pub reason: Option<NativeReauthorizationReason>,
    /// The customer's company id.
    pub company_id: Option<String>,
    /// What is known of the customer's credentials, which were already issued.
    pub integration_reason: Option<NativeIntegrationReason>,
    /// Why the request to a webhook receiver was refused.
    pub webhook_reason: Option<NativeWebhookRefusal>,
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
            Error::WebhookRefused { reason } => Self { webhook_reason: Some((*reason).into()), ..common },
            Error::Configuration { field, .. } => Self { field: Some(field.to_string()), ..common },
            Error::Api(api) => common.with_answer(api),
            Error::AlreadyIntegrated { company_id, reason, answer } => Self {
                company_id: Some(company_id.clone()),
                integration_reason: Some((*reason).into()),
                ..common.with_answer(answer)
            },
            Error::Network { kind, sent, to, .. } => Self {
                kind: Some((*kind).into()),
                sent: Some(*sent),
                ..common.with_destination(to.as_deref())
            },
            Error::Timeout { phase, sent, to, .. } => Self {
                phase: Some((*phase).into()),
                sent: Some(*sent),
                ..common.with_destination(to.as_deref())
            },
            Error::ConnectTimeout { to } => {
                Self { phase: Some(NativePhase::Connect), ..common.with_destination(to.as_deref()) }
            }
            Error::TurnTooLate { to, .. } | Error::AnswersUnread { to, .. } => {
                Self { phase: Some(NativePhase::Queue), ..common.with_destination(to.as_deref()) }
            }
            Error::NoTurnInTime { wait, .. } => Self { turn_in: Some(wait.as_secs_f64() * 1000.0), ..common },
            Error::TokenRefused { error, status, answer } => {
                let code = Some(error.as_str()).filter(|code| !code.is_empty());
                Self {
                    oauth_error: code.map(str::to_owned),
                    ..common.with_token_answer(Some(*status), answer)
                }
            }
            Error::TokenUnavailable { status, answer, .. } | Error::TokenInvalid { status, answer, .. } => {
                common.with_token_answer(*status, answer)
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
    /// Adds where the request was to go.
    fn with_destination(self, to: Option<&Destination>) -> Self {
        let Some(Destination { host, port, proxy }) = to else { return self };
        Self { host: Some(host.clone()), port: Some((*port).into()), proxy: proxy.clone(), ..self }
    }

    /// Adds what the response of the token endpoint says.
    fn with_token_answer(self, status: Option<u16>, answer: &TokenAnswer) -> Self {
        Self {
            status,
            oauth_error_description: answer.description.clone(),
            request_id: answer.request_id.clone(),
            headers: Some(answer.headers.clone()),
            retry_after: answer.retry_after.map(|after| after.as_secs_f64() * 1000.0),
            ..self
        }
    }

    /// Adds what the response of the API says.
    fn with_answer(self, api: &ApiError) -> Self {
        let detail = |ErrorDetail { code, message, field }: &ErrorDetail| NativeErrorDetail {
            code: code.clone(),
            message: message.clone(),
            field: field.clone(),
        };
        // Each field by its name: a new one that is forgotten here does not compile. The first two and the advice are in
        // the message.
        let ApiError {
            request: _,
            message: _,
            status,
            vendor_code,
            errors,
            request_id,
            headers,
            body,
            permission,
        } = api;
        let Permission { required, granted, missing, advice: _ } = permission;
        Self {
            status: Some(*status),
            vendor_code: vendor_code.clone(),
            errors: Some(errors.iter().map(detail).collect()),
            request_id: request_id.clone(),
            headers: Some(headers.clone()),
            body: Some(body.clone()),
            required_scopes: required.clone(),
            granted_scopes: granted.clone(),
            missing_scopes: missing.clone(),
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

/// Node's name for an error, if there is one.
fn node_code(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(reason) = error.downcast_ref::<Arc<Reason>>() {
        return reason.code;
    }
    if let Some(failure) = error.downcast_ref::<tls::Failure>() {
        return failure.node_code;
    }
    error.downcast_ref::<std::io::Error>().and_then(io_code)
}

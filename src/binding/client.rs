//! [`NativeClient`]: one flat call for each request. Its result comes through `NativeCompletions`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use napi::Env;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use super::answer;
use super::body::NativeUpload;
use super::calls::{CallId, NativeAnswer, NativeCompletions};
use super::convert::{
    NativeConnection, NativeEnvironment, NativeError, connect_options, either, number, pairs,
};
use super::credential::NativeCredential;
use super::limits::{NativeEndpointLimits, NativeLimits, NativeRedisLimits, limit_options};
use super::observing::observer;
use super::pages::NativePages;
use super::token::NativeToken;
use crate::client::{Client, ClientOptions, Pages, PagesOptions};
use crate::clock::SystemClock;
use crate::error::{Error, Result};
use crate::http::{
    BaseUrl, Environment, Priority, RedirectMode, Request, RequestBody, Target, request_headers,
};
use crate::operations;

/// A client of one API with one credential.
#[napi]
pub struct NativeClient(Client);

/// What to do with redirects.
#[napi(string_enum = "lowercase")]
pub enum NativeRedirect {
    /// Follows redirects.
    Follow,
    /// Returns a redirect as the response.
    Manual,
    /// Fails on a redirect.
    Error,
}

impl From<NativeRedirect> for RedirectMode {
    fn from(mode: NativeRedirect) -> Self {
        match mode {
            NativeRedirect::Follow => Self::Follow,
            NativeRedirect::Manual => Self::Manual,
            NativeRedirect::Error => Self::Error,
        }
    }
}

/// A URL.
#[napi(object, object_from_js = false)]
pub struct NativeUrl {
    /// The text of the URL.
    pub url: String,
}

/// Where a request goes.
#[napi(object, object_from_js = false)]
pub struct NativeDescription {
    /// The URL of the request.
    pub url: String,
    /// The path template of the endpoint, such as `/jobs/{id}`.
    pub template: String,
}

/// When a call resolves, and which responses are errors.
#[napi(string_enum = "lowercase")]
pub enum NativeDelivery {
    /// When the body was read to its end. An unsuccessful response is an error.
    Whole,
    /// When the headers have arrived. An unsuccessful response is an error.
    Open,
    /// When the headers have arrived. No response is an error, whatever its status.
    Fetch,
}

/// The options of a client. What is secret is a separate argument: no object that holds a secret is ever converted.
#[napi(object, object_to_js = false)]
pub struct NativeClientOptions {
    /// The vendor's environment.
    pub environment: Option<NativeEnvironment>,
    /// The API root, if it is not that of the environment.
    pub base_url: Option<String>,
    /// How many times a call may be retried.
    pub retries: u32,
    /// The longest body that is read into memory, in bytes.
    pub max_body_size: u32,
    /// How connections are made.
    pub connection: NativeConnection,
    /// How the client keeps to the rate limits; undefined if it does not.
    pub limits: Option<NativeLimits>,
}

/// Makes a client. Without `baseUrl` and `environment`, it is a client of the API that its grant or customer belongs to, or
/// else of production. `proxyUrl` may hold a password; `key` is the key of `options.connection.cert`; `shared` are limits
/// that processes share.
#[napi(catch_unwind)]
pub fn create_client(
    credential: &NativeCredential,
    options: NativeClientOptions,
    proxy_url: Option<String>,
    key: Option<String>,
    shared: Option<&NativeRedisLimits>,
) -> Either<NativeClient, NativeError> {
    either((|| {
        let base = match (options.base_url, options.environment) {
            (Some(url), _) => Some(BaseUrl::parse("baseUrl", &url)?),
            (None, Some(environment)) => Some(Environment::from(environment).base_url()?),
            (None, None) => None,
        };
        let options = ClientOptions {
            connect: connect_options(options.connection, proxy_url, key),
            retries: options.retries,
            max_body_size: options.max_body_size as usize,
            limits: limit_options(options.limits, shared),
        };
        Ok(NativeClient(Client::new(&credential.0, base, options, Arc::new(SystemClock))?))
    })())
}

#[napi]
impl NativeClient {
    /// The root of the API, without a slash at its end.
    #[napi(getter, catch_unwind)]
    pub fn base_url(&self) -> String {
        self.0.base().as_str().to_owned()
    }

    /// Makes a client of the same API with another credential, on the same connections.
    #[napi(catch_unwind)]
    pub fn with_credential(&self, credential: &NativeCredential) -> Either<NativeClient, NativeError> {
        either(self.0.with_credential(&credential.0).map(NativeClient))
    }

    /// Sends a request, and resolves with the response.
    ///
    /// `path` is relative to the root of the API, or a whole URL on its origin, and may hold `{name}`s for `params`.
    /// `timeout` is in milliseconds. `params`, `query` and `headers` are alternating names and values. The body is either
    /// `body`, or what is written to `upload`. Text that a `PATCH` sends without a content type is JSON. With `observe`, the steps of the call are reported before its result.
    #[napi(catch_unwind)]
    pub fn send(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeAnswer>,
        method: String,
        path: String,
        timeout: u32,
        delivery: NativeDelivery,
        params: Option<Vec<String>>,
        query: Option<Vec<String>>,
        headers: Option<Vec<String>>,
        body: Option<Either<String, Uint8Array>>,
        upload: Option<&NativeUpload>,
        redirect: Option<NativeRedirect>,
        idempotent: Option<bool>,
        batch: Option<bool>,
        observe: Option<bool>,
    ) -> napi::Result<()> {
        let is_text = matches!(body, Some(Either::A(_)));
        let observer = (observe == Some(true)).then(|| observer(completions, &call_id));
        let mut body = match (body, upload) {
            (Some(Either::A(text)), _) => RequestBody::Bytes(Bytes::from(text)),
            (Some(Either::B(bytes)), _) => RequestBody::Bytes(Bytes::copy_from_slice(&bytes)),
            (None, Some(upload)) => upload.body(),
            (None, None) => RequestBody::Empty,
        };
        let client = self.0.clone();
        completions.start(env, call_id, async move {
            let mut headers = request_headers(&pairs(headers))?;
            body.settle_length(&mut headers)?;
            let method = parsed_method(&method)?;
            let target = Target::parse(client.base(), &path, &pairs(params), &pairs(query))?;
            if is_text && method == Method::PATCH {
                let json = operations::json_type(method.as_str(), target.expanded_path());
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(json));
            }
            let request = Request {
                method,
                target,
                headers,
                body,
                redirect: redirect.map(Into::into).unwrap_or_default(),
                idempotent: idempotent.unwrap_or_default(),
                priority: if batch == Some(true) { Priority::Batch } else { Priority::Interactive },
                timeout: Duration::from_millis(timeout.into()),
                observer,
            };
            // Boxed, since the state of a call is large, and is moved several times before it runs.
            match delivery {
                NativeDelivery::Whole => {
                    let response = Box::pin(client.send(&request)).await?;
                    answer::whole(&request.method, response).await
                }
                NativeDelivery::Open => Box::pin(client.open_success(&request)).await.map(answer::open),
                NativeDelivery::Fetch => Box::pin(client.open(&request)).await.map(answer::open),
            }
        })
    }

    /// Begins a pass through the list at `path`. The arguments are as in `send`; `prefetch` is how many pages may be
    /// requested ahead, and `from` is the cursor to go on from.
    #[napi(catch_unwind)]
    pub fn pages(
        &self,
        path: String,
        timeout: u32,
        params: Option<Vec<String>>,
        query: Option<Vec<String>>,
        headers: Option<Vec<String>>,
        prefetch: Option<u32>,
        from: Option<String>,
    ) -> Either<NativePages, NativeError> {
        either((|| {
            let mut headers = request_headers(&pairs(headers))?;
            RequestBody::Empty.settle_length(&mut headers)?;
            let options = PagesOptions {
                path,
                params: pairs(params),
                query: pairs(query),
                headers,
                timeout: Duration::from_millis(timeout.into()),
                prefetch: prefetch.map(|prefetch| prefetch as usize),
                from,
            };
            Pages::new(self.0.clone(), options).map(NativePages::new)
        })())
    }

    /// Returns how far the limits are used, for each endpoint that was called so far.
    #[napi(catch_unwind)]
    pub fn limits(&self) -> Vec<NativeEndpointLimits> {
        self.0.limits().into_iter().map(Into::into).collect()
    }

    /// Returns where `send` would go with the same arguments, for observers.
    #[napi(catch_unwind)]
    pub fn describe(
        &self,
        method: String,
        path: String,
        params: Option<Vec<String>>,
        query: Option<Vec<String>>,
    ) -> Either<NativeDescription, NativeError> {
        either((|| {
            let method = parsed_method(&method)?;
            let target = Target::parse(self.0.base(), &path, &pairs(params), &pairs(query))?;
            let endpoint = self.0.endpoint_name(&method, &target);
            let template = endpoint.split_once(' ').map_or("", |(_, template)| template).to_owned();
            Ok(NativeDescription { url: target.url().to_string(), template })
        })())
    }

    /// The number by which the observations of this client's tokens are recognized. Null if it has none.
    #[napi(getter, catch_unwind)]
    pub fn credential(&self) -> Option<f64> {
        self.0.token_owner().map(|owner| number(owner.credential))
    }

    /// Returns the URL that `send` would request with the same arguments.
    #[napi(catch_unwind)]
    pub fn url(
        &self,
        path: String,
        params: Option<Vec<String>>,
        query: Option<Vec<String>>,
    ) -> Either<NativeUrl, NativeError> {
        either(
            Target::parse(self.0.base(), &path, &pairs(params), &pairs(query))
                .map(|target| NativeUrl { url: target.url().to_string() }),
        )
    }

    /// Resolves with the access token in use, or with null if the credential has none. `timeout` is in milliseconds.
    #[napi(catch_unwind)]
    pub fn token(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<Option<NativeToken>>,
        timeout: u32,
    ) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, call_id, async move {
            let token = client.token_within(Duration::from_millis(timeout.into())).await?;
            Ok(token.map(|current| NativeToken::from(&*current)))
        })
    }

    /// Resolves with whether the scopes of the credential allow `operation`, or with null if that is not known. `timeout`
    /// is in milliseconds.
    #[napi(catch_unwind)]
    pub fn can(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<Option<bool>>,
        operation: String,
        timeout: u32,
    ) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, call_id, async move {
            client.can(&operation, Duration::from_millis(timeout.into())).await
        })
    }

    /// Closes the client to further calls. Resolves when the calls in progress have ended.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, completions: &NativeCompletions, call_id: CallId<()>) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, call_id, async move {
            client.close().await;
            Ok(())
        })
    }
}

fn parsed_method(method: &str) -> Result<Method> {
    Method::from_bytes(method.as_bytes())
        .map_err(|_| Error::configuration("method", "must be an HTTP method, such as GET"))
}

//! [`NativeClient`]: one flat call in for each request; what it came to goes out through `NativeCompletions`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use napi::Env;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use super::body::NativeUpload;
use super::completions::{NativeCompletions, Outcome};
use super::connection::{NativeConnection, connect_options};
use super::credential::{NativeCredential, either};
use super::error::NativeError;
use super::limits::{NativeEndpointLimits, NativeLimits, NativeRedisLimits};
use super::pages::NativePages;
use super::token::NativeToken;
use crate::client::{Client, ClientOptions, Pages, PagesOptions};
use crate::clock::SystemClock;
use crate::error::Error;
use crate::http::{
    BaseUrl, Environment, Priority, RedirectMode, Request, RequestBody, Target, request_headers,
};
use crate::limit::{LimitOptions, SharedWindow};

/// The vendor's environment.
#[napi(string_enum = "lowercase")]
pub enum NativeEnvironment {
    /// `api.smartrecruiters.com`.
    Production,
    /// `api.sandbox.smartrecruiters.com`.
    Sandbox,
}

impl From<NativeEnvironment> for Environment {
    fn from(environment: NativeEnvironment) -> Self {
        match environment {
            NativeEnvironment::Production => Self::Production,
            NativeEnvironment::Sandbox => Self::Sandbox,
        }
    }
}

/// A client of one API with one credential.
#[napi]
pub struct NativeClient(Client);

/// What to do with redirects.
#[napi(string_enum = "lowercase")]
pub enum NativeRedirect {
    /// Follow them.
    Follow,
    /// Hand them up.
    Manual,
    /// They are errors.
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
    /// The whole of it.
    pub url: String,
}

/// How an answer comes.
#[napi(string_enum = "lowercase")]
pub enum NativeDelivery {
    /// Read to its end; no success is an error.
    Whole,
    /// When its headers are there; no success is an error.
    Open,
    /// When its headers are there, whatever its status.
    Fetch,
}

/// What a client is made of, but for what is secret.
#[napi(object, object_to_js = false)]
pub struct NativeClientOptions {
    /// The vendor's environment.
    pub environment: Option<NativeEnvironment>,
    /// Another API root.
    pub base_url: Option<String>,
    /// The most retries of one call.
    pub retries: u32,
    /// The longest body that is read into memory, in bytes.
    pub max_body_size: u32,
    /// How connections are made.
    pub connection: NativeConnection,
    /// How it keeps to the limits; not at all if nothing.
    pub limits: Option<NativeLimits>,
}

/// A client of the API at `base_url`, or of an environment's; if neither, of its grant's API, or of production.
#[napi(catch_unwind)]
pub fn create_client(
    credential: &NativeCredential,
    options: NativeClientOptions,
    proxy_url: Option<String>,
    key: Option<String>,
    shared: Option<&NativeRedisLimits>,
) -> Either<NativeClient, NativeError> {
    let shared = shared.map(|shared| Arc::clone(&shared.0) as Arc<dyn SharedWindow>);
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
            limits: options.limits.map(|limits| LimitOptions { shared, ..limits.into() }),
        };
        Ok(NativeClient(Client::new(&credential.0, base, options, Arc::new(SystemClock))?))
    })())
}

#[napi]
impl NativeClient {
    /// The API's root, without a slash at its end.
    #[napi(getter, catch_unwind)]
    pub fn base_url(&self) -> String {
        self.0.base().as_str().to_owned()
    }

    /// The same client with another credential, on the same connections.
    #[napi(catch_unwind)]
    pub fn with_credential(&self, credential: &NativeCredential) -> Either<NativeClient, NativeError> {
        either(self.0.with_credential(&credential.0).map(NativeClient))
    }

    /// Sends a request; its answer comes as `id`. Lists hold names and values in turn; `path` is relative to the
    /// API's root or a whole URL on its origin, with `{name}`s for `params`; `timeout` is in milliseconds. The body
    /// is `body` or what comes through `upload`.
    #[napi(catch_unwind)]
    pub fn send(
        &self,
        env: Env,
        completions: &NativeCompletions,
        id: u32,
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
    ) -> napi::Result<()> {
        let mut body = match (body, upload) {
            (Some(Either::A(text)), _) => RequestBody::Bytes(Bytes::from(text)),
            (Some(Either::B(bytes)), _) => RequestBody::Bytes(Bytes::copy_from_slice(&bytes)),
            (None, Some(upload)) => upload.body(),
            (None, None) => RequestBody::Empty,
        };
        let client = self.0.clone();
        completions.start(env, id, async move {
            let mut headers = request_headers(&pairs(headers))?;
            body.settle_length(&mut headers)?;
            let request = Request {
                method: Method::from_bytes(method.as_bytes())
                    .map_err(|_| Error::configuration("method", "must be an HTTP method, such as GET"))?,
                target: Target::parse(client.base(), &path, &pairs(params), &pairs(query))?,
                headers,
                body,
                redirect: redirect.map(Into::into).unwrap_or_default(),
                idempotent: idempotent.unwrap_or_default(),
                priority: if batch == Some(true) { Priority::Batch } else { Priority::Interactive },
                timeout: Duration::from_millis(timeout.into()),
            };
            // Boxed, since the state of a call is large, and moved several times until it is where it runs.
            match delivery {
                NativeDelivery::Whole => {
                    let answer = Box::pin(client.send(&request)).await?;
                    Outcome::whole(&request.method, answer).await
                }
                NativeDelivery::Open => Box::pin(client.open_success(&request)).await.map(Outcome::from),
                NativeDelivery::Fetch => Box::pin(client.open(&request)).await.map(Outcome::from),
            }
        })
    }

    /// A pass through the list at `path`, with arguments as those of `send`; `prefetch` pages are asked for ahead, and
    /// `from` is a cursor.
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

    /// How far the limits of each endpoint are used that was asked so far.
    #[napi(catch_unwind)]
    pub fn limits(&self) -> Vec<NativeEndpointLimits> {
        self.0.limits().into_iter().map(Into::into).collect()
    }

    /// The URL that `send` asks of the same arguments.
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

    /// Gets the access token in use; it comes as `id`, or nothing does if there is none. `timeout` is in milliseconds.
    #[napi(catch_unwind)]
    pub fn token(
        &self,
        env: Env,
        completions: &NativeCompletions,
        id: u32,
        timeout: u32,
    ) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, id, async move {
            let token = client.token_within(Duration::from_millis(timeout.into())).await?;
            Ok(token.map_or(Outcome::Nothing, |held| Outcome::Token(NativeToken::from(&*held))))
        })
    }

    /// Takes no more calls; when those in flight have ended, `id` comes.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, id, async move {
            client.close().await;
            Ok(Outcome::Nothing)
        })
    }
}

fn pairs(flat: Option<Vec<String>>) -> Vec<(String, String)> {
    let mut values = flat.unwrap_or_default().into_iter();
    std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
}

//! [`NativeClient`]: one flat call in for each request; what it came to goes out through `NativeCompletions`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use napi::Env;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use super::completions::{NativeCompletions, Outcome};
use super::credential::{NativeCredential, either};
use super::error::NativeError;
use super::token::NativeToken;
use crate::client::Client;
use crate::clock::SystemClock;
use crate::error::{Error, Result};
use crate::http::{BaseUrl, Connector, Environment, Request, Target, request_headers};

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

/// A request, flat: lists hold names and values in turn.
#[napi(object, object_to_js = false)]
pub struct NativeRequest {
    /// The method.
    pub method: String,
    /// The path, or a whole URL on the API's origin; `{name}`s stand for parameters.
    pub path: String,
    /// The path's parameters.
    pub params: Option<Vec<String>>,
    /// The query.
    pub query: Option<Vec<String>>,
    /// The headers.
    pub headers: Option<Vec<String>>,
    /// The body.
    pub body: Option<Either<String, Uint8Array>>,
    /// The deadline, in milliseconds.
    pub timeout: u32,
}

/// A client of the API at `base_url`, or of an environment's; if neither, of its grant's API, or of production.
#[napi(catch_unwind)]
pub fn create_client(
    credential: &NativeCredential,
    environment: Option<NativeEnvironment>,
    base_url: Option<String>,
    connect_timeout: u32,
) -> Either<NativeClient, NativeError> {
    either((|| {
        let base = match (base_url, environment) {
            (Some(url), _) => Some(BaseUrl::parse("baseUrl", &url)?),
            (None, Some(environment)) => Some(Environment::from(environment).base_url()?),
            (None, None) => None,
        };
        let connector = Connector::new(Duration::from_millis(connect_timeout.into()));
        Ok(NativeClient(Client::new(&credential.0, base, connector, Arc::new(SystemClock))?))
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

    /// Sends a request; its answer comes as `id`.
    #[napi(catch_unwind)]
    pub fn send(
        &self,
        env: Env,
        completions: &NativeCompletions,
        id: u32,
        request: NativeRequest,
    ) -> napi::Result<()> {
        let request = convert(&self.0, request);
        let client = self.0.clone();
        completions.start(env, id, async move { client.send(&request?).await.map(Outcome::Response) })
    }

    /// Gets the access token in use; it comes as `id`, or nothing does if there is none.
    #[napi(catch_unwind)]
    pub fn token(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        let client = self.0.clone();
        completions.start(env, id, async move {
            let token = client.token().await?;
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

fn convert(client: &Client, request: NativeRequest) -> Result<Request> {
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| Error::configuration("method", "must be an HTTP method, such as GET"))?;
    let target = Target::parse(client.base(), &request.path, &pairs(request.params), &pairs(request.query))?;
    let headers = request_headers(&pairs(request.headers))?;
    Ok(Request {
        method,
        target,
        headers,
        body: request.body.map(|body| match body {
            Either::A(text) => Bytes::from(text),
            Either::B(bytes) => Bytes::copy_from_slice(&bytes),
        }),
        timeout: Duration::from_millis(request.timeout.into()),
    })
}

fn pairs(flat: Option<Vec<String>>) -> Vec<(String, String)> {
    let mut values = flat.unwrap_or_default().into_iter();
    std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
}

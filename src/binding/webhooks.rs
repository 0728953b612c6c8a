//! [`NativeInbox`]: the events of a webhook receiver.

use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions};
use super::convert::{NativeDue, NativeError, NativeWebhookRefusal, either, number, sealing, whole};
use super::store::NativeStore;
use crate::clock::SystemClock;
use crate::credential::visible_ascii;
use crate::error::{Error, Result, WebhookRefusal};
use crate::secret::Secret;
use crate::store::WebhookEvent;
use crate::webhook::{
    Accepted, AttemptEnd, CallbackAuthentication, Claim, DeadLetter, DeadLetterPage, Delivery, Depth, Inbox,
    InboxOptions, Settled, TakenIn, TokenRefusal, Tolerance,
};

/// The events of a webhook receiver.
#[napi]
pub struct NativeInbox(Arc<Inbox>);

/// An event that this process handles.
#[napi]
pub struct NativeClaim(Arc<Claim>);

/// How the vendor authenticates to the receiver, besides its signature.
#[napi(string_enum = "lowercase")]
pub enum NativeCallbackAuthentication {
    /// HTTP Basic.
    Basic,
    /// A header of the receiver's own.
    Header,
    /// Access tokens that the receiver issues.
    OAuth2,
}

/// The options of an inbox that are not secret.
#[napi(object, object_to_js = false)]
pub struct NativeInboxOptions {
    /// Separates inboxes in one store.
    pub name: String,
    /// How long ago a request may have been signed, in milliseconds.
    pub past: f64,
    /// How far ahead of this machine's clock a request may have been signed, in milliseconds.
    pub future: f64,
    /// After how many failures an event is given up.
    pub attempts: u32,
    /// How the vendor authenticates, if it does besides its signature.
    pub authentication: Option<NativeCallbackAuthentication>,
    /// The user of HTTP Basic, or the vendor's client id.
    pub user: Option<String>,
}

/// An event of a webhook.
#[napi(object, object_from_js = false)]
pub struct NativeWebhookEvent {
    /// The event's id.
    pub id: String,
    /// The event's name.
    pub name: String,
    /// The version of the event's format.
    pub version: String,
    /// The header `Link`, empty if there was none.
    pub link: String,
    /// When the request was signed, in seconds since the Unix epoch.
    pub timestamp: f64,
    /// The body: a JSON object.
    pub body: String,
}

impl From<WebhookEvent> for NativeWebhookEvent {
    fn from(WebhookEvent { id, name, version, link, timestamp, body }: WebhookEvent) -> Self {
        Self { id, name, version, link, timestamp: number(timestamp), body }
    }
}

/// What a request that was verified has besides its headers. The face has those.
#[napi(object, object_from_js = false)]
pub struct NativeVerified {
    /// The event's id.
    pub id: String,
    /// When the request was signed, in seconds since the Unix epoch.
    pub timestamp: f64,
    /// The body: a JSON object.
    pub body: String,
}

/// An event to handle.
#[napi(object, object_from_js = false)]
pub struct NativeClaimedEvent {
    /// The event.
    pub event: NativeWebhookEvent,
    /// How often handling it began, this time included.
    pub attempt: u32,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub received_at: f64,
}

/// What an entry of the vendor's log brought.
#[napi(object, object_from_js = false)]
pub struct NativeTakenIn {
    /// Whether the event was new.
    pub is_new: bool,
    /// Whether its signature could be verified.
    pub is_verified: bool,
}

/// Why an attempt no longer holds its event.
#[napi(string_enum = "camelCase")]
pub enum NativeAttemptEnd {
    /// Its lease ended before it could be extended.
    Lost,
    /// It took too long.
    TimedOut,
}

/// What became of an event.
#[napi(string_enum = "camelCase")]
pub enum NativeOutcome {
    /// It was handled.
    Handled,
    /// It failed, and is handled again.
    Again,
    /// It failed too often, and was given up.
    Dead,
    /// Another process handles it.
    Lost,
}

/// What became of an event, and when it is handled again if it is.
#[napi(object, object_from_js = false)]
pub struct NativeSettled {
    /// What became of it.
    pub outcome: NativeOutcome,
    /// When it is handled again, in milliseconds since the Unix epoch.
    pub at: Option<f64>,
}

impl From<Settled> for NativeSettled {
    fn from(settled: Settled) -> Self {
        let (outcome, at) = match settled {
            Settled::Handled => (NativeOutcome::Handled, None),
            Settled::Again(at) => (NativeOutcome::Again, Some(number(at))),
            Settled::Dead => (NativeOutcome::Dead, None),
            Settled::Lost => (NativeOutcome::Lost, None),
        };
        Self { outcome, at }
    }
}

/// An event that was given up.
#[napi(object, object_from_js = false)]
pub struct NativeDeadLetter {
    /// The event.
    pub event: NativeWebhookEvent,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub error: String,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub received_at: f64,
    /// When it was given up, in milliseconds since the Unix epoch.
    pub since: f64,
}

impl From<DeadLetter> for NativeDeadLetter {
    fn from(DeadLetter { event, attempts, error, received_at, since }: DeadLetter) -> Self {
        Self { event: event.into(), attempts, error, received_at: number(received_at), since: number(since) }
    }
}

/// A page of the events that were given up.
#[napi(object, object_from_js = false)]
pub struct NativeDeadLetterPage {
    /// The events.
    pub letters: Vec<NativeDeadLetter>,
    /// Where the next page begins; undefined on the last page.
    pub next: Option<NativeDue>,
}

/// How many events an inbox holds.
#[napi(object, object_from_js = false)]
pub struct NativeInboxDepth {
    /// Those that are to be handled, or being handled.
    pub waiting: u32,
    /// Those that were given up.
    pub dead: u32,
}

/// The answer to the vendor's request for an access token.
#[napi(object, object_from_js = false)]
pub struct NativeIssuedToken {
    /// The access token, if the request was right.
    pub token: Option<String>,
    /// The error of RFC 6749 section 5.2, if it was not.
    pub error: Option<String>,
}

/// Makes an inbox. `encryptionKeys` is undefined if the caller did not say how records are sealed, and empty if they are to
/// be stored in the clear. `authenticationSecret` is the password, the header's value or the client secret of
/// `options.authentication`.
#[napi(catch_unwind)]
pub fn create_inbox(
    options: NativeInboxOptions,
    store: &NativeStore,
    encryption_keys: Option<Vec<String>>,
    secrets: Vec<String>,
    authentication_secret: Option<String>,
) -> Either<NativeInbox, NativeError> {
    either((|| {
        let secret = |(index, text)| visible_ascii(format!("secrets[{index}]"), text);
        let options = InboxOptions {
            authentication: options
                .authentication
                .map(|kind| authentication(kind, options.user, authentication_secret)),
            name: options.name,
            store: Arc::clone(&store.0),
            sealing: encryption_keys.map(sealing).transpose()?,
            secrets: secrets.into_iter().enumerate().map(secret).collect::<Result<_>>()?,
            tolerance: Tolerance {
                past: Duration::from_millis(whole(options.past)),
                future: Duration::from_millis(whole(options.future)),
            },
            attempts: options.attempts,
        };
        Inbox::new(options, Arc::new(SystemClock)).map(|inbox| NativeInbox(Arc::new(inbox)))
    })())
}

/// Returns the error of a request that was refused for this reason.
#[napi(catch_unwind)]
pub fn webhook_refusal(reason: NativeWebhookRefusal) -> NativeError {
    NativeError::from(&Error::WebhookRefused { reason: WebhookRefusal::from(reason) })
}

fn authentication(
    kind: NativeCallbackAuthentication,
    user: Option<String>,
    secret: Option<String>,
) -> CallbackAuthentication {
    let user = user.unwrap_or_default();
    let secret = Secret::new(secret.unwrap_or_default());
    match kind {
        NativeCallbackAuthentication::Basic => {
            CallbackAuthentication::Basic { username: user, password: secret }
        }
        NativeCallbackAuthentication::Header => CallbackAuthentication::Header { value: secret },
        NativeCallbackAuthentication::OAuth2 => {
            CallbackAuthentication::OAuth2 { client_id: user, client_secret: secret }
        }
    }
}

fn delivery(
    signature: String,
    timestamp: String,
    id: String,
    name: String,
    version: String,
    link: String,
) -> Delivery {
    Delivery { signature, timestamp, id, name, version, link }
}

#[napi]
impl NativeClaim {
    /// Returns the event.
    #[napi(catch_unwind)]
    pub fn event(&self) -> NativeClaimedEvent {
        let Claim { event, attempt, received_at, .. } = &*self.0;
        NativeClaimedEvent {
            event: event.clone().into(),
            attempt: *attempt,
            received_at: number(*received_at),
        }
    }
}

#[napi]
impl NativeInbox {
    /// Verifies a request. A header that is missing is empty.
    #[napi(catch_unwind)]
    pub fn verify(
        &self,
        signature: String,
        timestamp: String,
        id: String,
        name: String,
        version: String,
        link: String,
        body: Uint8Array,
    ) -> Either<NativeVerified, NativeError> {
        let delivery = delivery(signature, timestamp, id, name, version, link);
        either(self.0.verify(&delivery, &body).map(|WebhookEvent { id, timestamp, body, .. }| {
            NativeVerified { id, timestamp: number(timestamp), body }
        }))
    }

    /// Returns the signature that the vendor would send with a request.
    #[napi(catch_unwind)]
    pub fn sign(
        &self,
        timestamp: String,
        id: String,
        name: String,
        version: String,
        link: String,
        body: Uint8Array,
    ) -> Either<String, NativeError> {
        let delivery = delivery(String::new(), timestamp, id, name, version, link);
        either(self.0.sign(&delivery, &body))
    }

    /// Checks the authentication of a request, besides its signature. A header that is missing is empty. Returns an error
    /// if the request is refused.
    #[napi(catch_unwind)]
    pub fn authenticate(&self, authorization: String, header: String) -> Either<(), NativeError> {
        either(self.0.authenticate(&authorization, &header))
    }

    /// Answers the vendor's request for an access token.
    #[napi(catch_unwind)]
    pub fn issue_token(
        &self,
        authorization: String,
        form: Uint8Array,
    ) -> Either<NativeIssuedToken, NativeError> {
        either(self.0.issue_token(&authorization, &form).map(|issued| match issued {
            Ok(token) => NativeIssuedToken { token: Some(token), error: None },
            Err(TokenRefusal::InvalidClient) => {
                NativeIssuedToken { token: None, error: Some("invalid_client".to_owned()) }
            }
            Err(TokenRefusal::UnsupportedGrantType) => {
                NativeIssuedToken { token: None, error: Some("unsupported_grant_type".to_owned()) }
            }
        }))
    }

    /// Verifies a request and stores its event. Resolves, once it is stored, with whether the event was new.
    #[napi(catch_unwind)]
    pub fn accept(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<bool>,
        signature: String,
        timestamp: String,
        id: String,
        name: String,
        version: String,
        link: String,
        body: Uint8Array,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        let delivery = delivery(signature, timestamp, id, name, version, link);
        // The bytes are JavaScript's, which may change them once this returns.
        let body = body.to_vec();
        completions
            .start(env, call_id, async move { Ok(inbox.accept(&delivery, &body).await? == Accepted::Stored) })
    }

    /// Stores an event of the vendor's own log, unless this inbox has it.
    #[napi(catch_unwind)]
    pub fn take_in(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeTakenIn>,
        signature: String,
        timestamp: String,
        id: String,
        name: String,
        version: String,
        link: String,
        body: Uint8Array,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        let delivery = delivery(signature, timestamp, id, name, version, link);
        let body = body.to_vec();
        completions.start(env, call_id, async move {
            let TakenIn { accepted, verified } = inbox.take_in(&delivery, &body).await?;
            Ok(NativeTakenIn { is_new: accepted == Accepted::Stored, is_verified: verified })
        })
    }

    /// Resolves with the next event to handle, once there is one, or with null once the inbox is closed.
    #[napi(catch_unwind)]
    pub fn next(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<Option<NativeClaim>>,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move {
            Ok(inbox.next().await?.map(|claim| NativeClaim(Arc::new(claim))))
        })
    }

    /// Keeps the lease of an event while it is handled, for at most `timeout` milliseconds. Resolves once that has ended.
    #[napi(catch_unwind)]
    pub fn hold(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeAttemptEnd>,
        claim: &NativeClaim,
        timeout: f64,
    ) -> napi::Result<()> {
        let (inbox, claim) = (Arc::clone(&self.0), Arc::clone(&claim.0));
        let timeout = Duration::from_millis(whole(timeout));
        completions.start(env, call_id, async move {
            Ok(match inbox.hold(&claim, timeout).await {
                AttemptEnd::Lost => NativeAttemptEnd::Lost,
                AttemptEnd::TimedOut => NativeAttemptEnd::TimedOut,
            })
        })
    }

    /// Writes down that an event was handled, or why it was not.
    #[napi(catch_unwind)]
    pub fn settle(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeSettled>,
        claim: &NativeClaim,
        failure: Option<String>,
    ) -> napi::Result<()> {
        let (inbox, claim) = (Arc::clone(&self.0), Arc::clone(&claim.0));
        completions.start(env, call_id, async move {
            inbox.settle(&claim, failure.as_deref()).await.map(Into::into)
        })
    }

    /// Resolves with a page of the events that were given up: the first one, or the one after the place `after`.
    #[napi(catch_unwind)]
    pub fn dead_letters(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeDeadLetterPage>,
        after: Option<NativeDue>,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move {
            let DeadLetterPage { letters, next } = inbox.dead_letters(after.map(Into::into)).await?;
            Ok(NativeDeadLetterPage {
                letters: letters.into_iter().map(Into::into).collect(),
                next: next.map(Into::into),
            })
        })
    }

    /// Resolves with how many events the inbox holds, up to 20,000 of each kind.
    #[napi(catch_unwind)]
    pub fn depth(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeInboxDepth>,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move {
            let Depth { waiting, dead } = inbox.depth().await?;
            Ok(NativeInboxDepth { waiting, dead })
        })
    }

    /// Lets an event that was given up be handled again. Resolves with whether there was one.
    #[napi(catch_unwind)]
    pub fn repeat(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<bool>,
        id: String,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move { inbox.repeat(&id).await })
    }

    /// Drops an event that was given up. Resolves with whether there was one.
    #[napi(catch_unwind)]
    pub fn drop_dead(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<bool>,
        id: String,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move { inbox.drop_dead(&id).await })
    }

    /// Stores a secret key that was requested from the vendor.
    #[napi(catch_unwind)]
    pub fn remember_secret(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        secret: String,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        let secret = visible_ascii("secretKey", secret);
        completions.start(env, call_id, async move { inbox.remember_secret(secret?).await })
    }

    /// Waits until no other process changes the subscriptions. Resolves with the name for `endSubscribing`.
    #[napi(catch_unwind)]
    pub fn begin_subscribing(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<String>,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move { inbox.begin_subscribing().await })
    }

    /// Lets other processes change the subscriptions.
    #[napi(catch_unwind)]
    pub fn end_subscribing(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        subscriber: String,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move { inbox.end_subscribing(&subscriber).await })
    }

    /// Expects the vendor's handshake for `length` milliseconds. 0 ends that.
    #[napi(catch_unwind)]
    pub fn expect_handshake(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        length: f64,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        let length = Duration::from_millis(whole(length));
        completions.start(env, call_id, async move { inbox.expect_handshake(length).await })
    }

    /// Resolves with whether the vendor's handshake is expected.
    #[napi(catch_unwind)]
    pub fn is_handshake_expected(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<bool>,
    ) -> napi::Result<()> {
        let inbox = Arc::clone(&self.0);
        completions.start(env, call_id, async move { inbox.is_handshake_expected().await })
    }

    /// Lets `next` resolve with null from now on.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.0.close();
    }
}

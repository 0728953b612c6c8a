//! [`WebhookRefusal`]: why a request to a webhook receiver was refused.

/// Why a request to a webhook receiver was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WebhookRefusal {
    /// The receiver knows no secret key, so it cannot verify anything.
    #[error("this receiver has no secret key to verify it with; give `secrets`, or call `subscribe()`")]
    NoKey,
    /// The request has no signature.
    #[error(
        "it has no `smartrecruiters-signature`; SmartRecruiters signs only for subscriptions that have a secret key"
    )]
    MissingSignature,
    /// The header with the signatures has more of them than the vendor sends.
    #[error("it has more than 16 signatures, which SmartRecruiters never sends")]
    TooManySignatures,
    /// No signature was made with one of the receiver's keys for this request.
    #[error(
        "no signature matches; `secrets` lacks the subscription's key, or the body is not byte for byte what was sent"
    )]
    NoMatch,
    /// The time of the signature is missing, or is not in seconds since the Unix epoch.
    #[error("its `smartrecruiters-timestamp` is missing, or is not a number of seconds")]
    MalformedTimestamp,
    /// The request was signed longer ago than the tolerance.
    #[error("it was signed longer ago than `tolerance.past`; someone may be replaying it")]
    TooOld,
    /// The request was signed further in the future than the tolerance.
    #[error("it was signed in the future, beyond `tolerance.future`; check this machine's clock")]
    FromFuture,
    /// A header has several different values, or characters that no such header has.
    #[error(
        "one of its `event-…` headers has several values, or characters that SmartRecruiters never sends"
    )]
    MalformedHeader,
    /// The body is not a JSON object in UTF-8.
    #[error("its body is not a JSON object")]
    MalformedBody,
    /// The request does not authenticate as the subscription was told to.
    #[error("it does not authenticate as `callbackAuthentication` requires")]
    Unauthorized,
    /// The body is longer than what a receiver reads before it verified anything.
    #[error("its body is longer than 1 MiB")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("its body did not arrive within 5 seconds")]
    BodyTooSlow,
    /// Something read the body before the receiver, so the bytes that were signed are gone.
    #[error("its body was read before it got here, so the bytes that were signed are gone")]
    BodyConsumed,
}

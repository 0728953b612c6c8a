//! Explains why TLS failed, in words and by Node's error code.

use std::error::Error as StdError;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::verifier::Untrusted;

/// A TLS failure as the cause of another error. Its message is that of [`explain`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub struct Failure {
    words: String,
    /// Node's code for the failure. See [`node_code`].
    pub node_code: Option<&'static str>,
}

impl Failure {
    /// The TLS failure in an error and its causes. `None` if there is none.
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        Some(Self { words: explain(error)?, node_code: node_code(error) })
    }
}

/// Why TLS failed, as a sentence without its full stop: what is wrong with the connection or the certificate, and what
/// to do about it. `None` if neither the error nor any of its causes is a TLS error.
pub fn explain(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(error) = find::<Error>(error) {
        return Some(sentence(error));
    }
    closed_in_handshake(error).then(|| {
        "the server closed the connection during the TLS handshake; check that it speaks TLS on this port, and that it \
         accepts the client certificate, if it asks for one"
            .to_owned()
    })
}

/// The `error.code` that Node gives the same failure, such as `CERT_HAS_EXPIRED`. `None` if Node has no code for it.
pub fn node_code(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let Some(error) = find::<Error>(error) else {
        return closed_in_handshake(error).then_some("ECONNRESET");
    };
    Some(match error {
        Error::InvalidCertificate(problem) => return certificate_code(problem),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => "ERR_SSL_WRONG_VERSION_NUMBER",
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "ERR_SSL_UNSUPPORTED_PROTOCOL",
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            AlertDescription::HandshakeFailure => "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
            AlertDescription::ProtocolVersion => "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
            AlertDescription::UnknownCA => "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
            AlertDescription::BadCertificate => "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
            AlertDescription::CertificateExpired => "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
            AlertDescription::CertificateRevoked => "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED",
            AlertDescription::CertificateUnknown => "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
            AlertDescription::UnsupportedCertificate => "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
            AlertDescription::AccessDenied => "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED",
            AlertDescription::UnrecognisedName => "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
            _ => return None,
        },
        _ => return None,
    })
}

fn certificate_code(problem: &CertificateError) -> Option<&'static str> {
    Some(match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "CERT_HAS_EXPIRED",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "CERT_NOT_YET_VALID",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ERR_TLS_CERT_ALTNAME_INVALID"
        }
        CertificateError::UnknownIssuer => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        CertificateError::BadSignature => "CERT_SIGNATURE_FAILURE",
        CertificateError::Revoked => "CERT_REVOKED",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "INVALID_PURPOSE"
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<Untrusted>()? {
            Untrusted::SelfSigned => "DEPTH_ZERO_SELF_SIGNED_CERT",
            Untrusted::SelfSignedInChain(_) => "SELF_SIGNED_CERT_IN_CHAIN",
            Untrusted::UnknownIssuer(_) => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            Untrusted::UnknownIssuerOfChain(_) => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            Untrusted::CommonNameOnly(_) => "ERR_TLS_CERT_ALTNAME_INVALID",
            Untrusted::OldVersion | Untrusted::Authority | Untrusted::CriticalExtension => return None,
        },
        _ => return None,
    })
}

fn sentence(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => about_certificate(problem),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS on this port; check the port, and whether the URL should begin without TLS"
                .to_owned()
        }
        Error::AlertReceived(alert) => about_alert(*alert),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => OLD_VERSION.to_owned(),
        Error::NoApplicationProtocol => {
            "the server speaks neither HTTP/1.1 nor HTTP/2 on this port; check the port".to_owned()
        }
        // Other errors are faults of one side's TLS, which rustls describes.
        other => format!("the TLS handshake failed: {other}"),
    }
}

const OLD_VERSION: &str = "the server supports neither TLS 1.2 nor TLS 1.3; enable one of them on it";

fn about_certificate(problem: &CertificateError) -> String {
    match problem {
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "the server's certificate, or one that it was issued by, expired on {}; have it renewed, and check this \
             machine's clock",
            date(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the server's certificate, or one that it was issued by, is not valid before {}; check this machine's clock",
            date(*not_before)
        ),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            if presented.is_empty() {
                return format!(
                    "the server's certificate is not for {expected}, since it names no host at all; have one issued \
                     with {expected} in subjectAltName"
                );
            }
            format!(
                "the server's certificate is not for {expected}, but for {}; check the host name in the URL, or have \
                 {expected} added to the certificate's subjectAltName",
                presented.join(", ")
            )
        }
        CertificateError::BadSignature => {
            "the server's certificate is not signed by the key of the authority that it names; `ca` may hold an older \
             certificate of the same name"
                .to_owned()
        }
        CertificateError::Revoked => "the server's certificate was revoked; have it replaced".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers; have one issued with serverAuth in extendedKeyUsage"
                .to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the server's certificate is signed by an algorithm that is not supported; have one issued with RSA and \
             SHA-256, or with ECDSA on P-256 or P-384"
                .to_owned()
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<Untrusted>() {
            Some(untrusted) => about_trust(untrusted),
            None => format!("the server's certificate cannot be used: {}", other.0),
        },
        other => format!("the server's certificate cannot be used: {other}"),
    }
}

fn about_trust(untrusted: &Untrusted) -> String {
    match untrusted {
        Untrusted::SelfSigned => {
            "the server's certificate is self-signed, and not one that is trusted; to trust it, give it as `ca`"
                .to_owned()
        }
        Untrusted::SelfSignedInChain(name) => format!(
            "the server's certificate leads to the self-signed certificate of {name:?}, which is not trusted; to \
             trust it, give that certificate as `ca`"
        ),
        Untrusted::UnknownIssuer(name) => format!(
            "the server's certificate was issued by {name:?}, which is not a trusted authority; to trust it, give its \
             certificate as `ca`, or have the server send the certificates between its own and a root"
        ),
        Untrusted::UnknownIssuerOfChain(name) => format!(
            "the server's certificates lead to the authority {name:?}, which is not trusted; to trust it, give its \
             certificate as `ca`"
        ),
        Untrusted::Authority => {
            "the server's certificate is one of an authority (CA:TRUE in basicConstraints), which may not be a server's; \
             have one issued with CA:FALSE, or give this very certificate as `ca`"
                .to_owned()
        }
        Untrusted::CriticalExtension => {
            "the server's certificate, or one that it was issued by, has a critical extension that is not supported; have \
             it issued without one, or with the extension not critical"
                .to_owned()
        }
        Untrusted::OldVersion => {
            "the server's certificate is not of X.509 version 3, in which alone it can name its hosts; have one issued \
             with subjectAltName, or give this very certificate as `ca`"
                .to_owned()
        }
        Untrusted::CommonNameOnly(name) => format!(
            "the server's certificate has no subjectAltName, and its common name, {name:?}, does not count; have one \
             issued with subjectAltName, or give this very certificate as `ca`"
        ),
    }
}

fn about_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "the server asks for a client certificate; give one as `cert` and `key`".to_owned()
        }
        AlertDescription::HandshakeFailure => {
            "the server refused the TLS handshake; it may ask for a client certificate (`cert` and `key`), or share no \
             cipher or kind of key with this client, which knows neither P-521 nor RSA-PSS keys"
                .to_owned()
        }
        AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity => OLD_VERSION.to_owned(),
        AlertDescription::UnrecognisedName => {
            "the server serves no host of this name; check the host name in the URL".to_owned()
        }
        AlertDescription::NoApplicationProtocol => {
            "the server speaks neither HTTP/1.1 nor HTTP/2 on this port; check the port".to_owned()
        }
        AlertDescription::UnknownCA => {
            "the server does not trust the authority that issued the client certificate; check `cert`".to_owned()
        }
        AlertDescription::CertificateExpired => {
            "the server says that the client certificate has expired; renew `cert`".to_owned()
        }
        AlertDescription::CertificateRevoked => {
            "the server says that the client certificate was revoked; replace `cert`".to_owned()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => {
            format!("the server does not accept the client certificate ({alert:?}); check `cert` and `key`")
        }
        other => format!("the server ended the TLS connection ({other:?})"),
    }
}

fn date(time: UnixTime) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

/// Whether the error is tokio-rustls's for a connection that ended during the handshake. Only its message identifies
/// it.
fn closed_in_handshake(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| {
        error.downcast_ref::<std::io::Error>().is_some_and(|error| error.to_string() == "tls handshake eof")
    })
}

fn find<'a, Wanted: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a Wanted> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and all its causes.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        // The `source` of an `io::Error` skips the error that it wraps.
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};

use super::explain::{Failure, explain, node_code};
use super::verifier::Untrusted;

fn untrusted(why: Untrusted) -> Error {
    CertificateError::Other(OtherError(Arc::new(why))).into()
}

#[test]
fn each_failure_has_its_words_and_nodes_name() {
    let [time, later] =
        [0, 24 * 3600].map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
    let name = || "CA".to_owned();
    let expected = || "localhost".try_into().unwrap();
    for (error, words, code) in [
        (
            CertificateError::ExpiredContext { time: later, not_after: time }.into(),
            "expired on Thu, 01 Jan 1970 00:00:00 GMT",
            Some("CERT_HAS_EXPIRED"),
        ),
        (
            CertificateError::NotValidYetContext { time, not_before: later }.into(),
            "not valid before Fri, 02 Jan 1970",
            Some("CERT_NOT_YET_VALID"),
        ),
        (
            CertificateError::NotValidForNameContext {
                expected: expected(),
                presented: vec!["a.test".to_owned(), "b.test".to_owned()],
            }
            .into(),
            "is not for localhost, but for a.test, b.test",
            Some("ERR_TLS_CERT_ALTNAME_INVALID"),
        ),
        (
            CertificateError::NotValidForNameContext { expected: expected(), presented: Vec::new() }.into(),
            "names no host at all",
            Some("ERR_TLS_CERT_ALTNAME_INVALID"),
        ),
        (CertificateError::Revoked.into(), "was revoked", Some("CERT_REVOKED")),
        (CertificateError::BadSignature.into(), "older certificate", Some("CERT_SIGNATURE_FAILURE")),
        (CertificateError::InvalidPurpose.into(), "serverAuth", Some("INVALID_PURPOSE")),
        (untrusted(Untrusted::SelfSigned), "is self-signed", Some("DEPTH_ZERO_SELF_SIGNED_CERT")),
        (
            untrusted(Untrusted::SelfSignedInChain(name())),
            "certificate of \"CA\"",
            Some("SELF_SIGNED_CERT_IN_CHAIN"),
        ),
        (
            untrusted(Untrusted::UnknownIssuer(name())),
            "issued by \"CA\"",
            Some("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ),
        (
            untrusted(Untrusted::UnknownIssuerOfChain(name())),
            "the authority \"CA\"",
            Some("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
        ),
        (untrusted(Untrusted::OldVersion), "X.509 version 3", None),
        (
            untrusted(Untrusted::CommonNameOnly(name())),
            "no subjectAltName",
            Some("ERR_TLS_CERT_ALTNAME_INVALID"),
        ),
        (
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            "does not speak TLS",
            Some("ERR_SSL_WRONG_VERSION_NUMBER"),
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "neither TLS 1.2 nor TLS 1.3",
            Some("ERR_SSL_UNSUPPORTED_PROTOCOL"),
        ),
        (
            Error::AlertReceived(AlertDescription::CertificateRequired),
            "asks for a client certificate; give one as `cert` and `key`",
            Some("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        ),
        (
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            "may ask for a client certificate",
            Some("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ),
        (
            Error::AlertReceived(AlertDescription::ProtocolVersion),
            "neither TLS 1.2 nor TLS 1.3",
            Some("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"),
        ),
        (
            Error::AlertReceived(AlertDescription::UnknownCA),
            "does not trust the authority",
            Some("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"),
        ),
        (Error::DecryptError, "the TLS handshake failed", None),
    ] {
        // As the libraries in between wrap it.
        let wrapped = std::io::Error::other(std::io::Error::other(error));
        let told = explain(&wrapped).unwrap();
        assert!(told.contains(words), "{told}");
        assert!(!told.ends_with('.') && !told.contains("Context"), "{told}");
        assert_eq!(node_code(&wrapped), code, "{told}");
        assert_eq!(Failure::of(&wrapped).unwrap().to_string(), told);
    }
}

#[test]
fn other_failures_are_left_to_others() {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    assert_eq!((explain(&error), node_code(&error)), (None, None));
    assert!(Failure::of(&error).is_none());
}

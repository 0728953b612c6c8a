//! [`Verifier`]: decides whether a server is trusted, and explains what is wrong with an untrusted one.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, PeerMisbehaved, SignatureScheme};

use super::certificate::{self, Facts};
use super::roots::Roots;

/// Trusts the servers that webpki trusts and, as Node does, those whose own certificate is among those that the user
/// gave. `openssl req -x509` makes such a certificate, which webpki refuses because it may issue others.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    given: Arc<std::collections::HashSet<CertificateDer<'static>>>,
    provider: Arc<CryptoProvider>,
    /// Whether the certificate must be valid for the server's name.
    checks_name: bool,
}

/// Why a certificate is not trusted, for reasons that rustls does not describe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untrusted {
    /// It is self-signed, and the user did not give it.
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// The chain that the server sent ends in a self-signed certificate that the user did not give.
    #[error("the chain ends in the self-signed certificate of {0:?}")]
    SelfSignedInChain(String),
    /// Its issuer is unknown, and the server sent no other certificate.
    #[error("the certificate was issued by {0:?}, which is unknown")]
    UnknownIssuer(String),
    /// The server sent a chain of certificates, the last of which was issued by an unknown authority.
    #[error("the chain was issued by {0:?}, which is unknown")]
    UnknownIssuerOfChain(String),
    /// It is one that may issue others.
    #[error("the certificate is that of an authority")]
    Authority,
    /// It has a critical extension that webpki does not know.
    #[error("the certificate has a critical extension that is not supported")]
    CriticalExtension,
    /// It is not of X.509 version 3.
    #[error("the certificate is not of X.509 version 3")]
    OldVersion,
    /// Its only host name is its common name, which does not count.
    #[error("the certificate has no subjectAltName, only the common name {0:?}")]
    CommonNameOnly(String),
}

impl Verifier {
    pub(super) fn new(
        roots: Roots,
        provider: Arc<CryptoProvider>,
        checks_name: bool,
    ) -> crate::error::Result<Self> {
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.anchors, Arc::clone(&provider))
            .build()
            .map_err(|_| set_up_failed())?;
        Ok(Self { webpki, given: roots.given, provider, checks_name })
    }

    fn is_given(&self, certificate: &CertificateDer<'_>) -> bool {
        self.given.contains(certificate)
    }

    /// Checks a certificate that the user gave. It needs no issuer, but it must be valid for this server and at this
    /// time.
    fn check_given(
        &self,
        certificate: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        time: UnixTime,
    ) -> Result<(), Error> {
        let facts = Facts::of(certificate).ok_or(CertificateError::BadEncoding)?;
        let unix = |at: std::time::Duration| UnixTime::since_unix_epoch(at);
        let [not_before, not_after] = [unix(facts.not_before), unix(facts.not_after)];
        if time > not_after {
            return Err(CertificateError::ExpiredContext { time, not_after }.into());
        }
        if time < not_before {
            return Err(CertificateError::NotValidYetContext { time, not_before }.into());
        }
        if self.checks_name && !facts.is_for(server_name) {
            let expected = server_name.to_owned();
            let presented = facts.names().into_iter().chain(facts.common_name()).collect();
            return Err(CertificateError::NotValidForNameContext { expected, presented }.into());
        }
        if !facts.is_for_servers {
            return Err(CertificateError::InvalidPurpose.into());
        }
        Ok(())
    }
}

/// Adds to webpki's error the details that it lacks: the issuer and the names.
fn described(error: Error, certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Error {
    let Error::InvalidCertificate(problem) = error else { return error };
    let Some(facts) = Facts::of(certificate) else { return Error::InvalidCertificate(problem) };
    let untrusted = |why: Untrusted| CertificateError::Other(OtherError(Arc::new(why)));
    Error::InvalidCertificate(match problem {
        CertificateError::NotValidForNameContext { expected, .. } => match facts.common_name() {
            Some(name) if facts.names().is_empty() => untrusted(Untrusted::CommonNameOnly(name)),
            _ => CertificateError::NotValidForNameContext { expected, presented: facts.names() },
        },
        CertificateError::Other(_) if !facts.is_version_3 && !facts.is_self_issued => {
            untrusted(Untrusted::OldVersion)
        }
        // A self-signed certificate is its own issuer, even if an authority with the same name is trusted.
        CertificateError::BadSignature if facts.is_self_issued => untrusted(Untrusted::SelfSigned),
        CertificateError::UnknownIssuer => untrusted(unknown_issuer(facts, others)),
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) if !facts.is_self_issued => {
                untrusted(Untrusted::Authority)
            }
            Some(webpki::Error::UnsupportedCriticalExtension) => untrusted(Untrusted::CriticalExtension),
            _ => untrusted(unknown_issuer(facts, others)),
        },
        other => other,
    })
}

fn unknown_issuer(certificate: Facts, others: &[CertificateDer<'_>]) -> Untrusted {
    if certificate.is_self_issued {
        return Untrusted::SelfSigned;
    }
    match others.last().and_then(Facts::of) {
        None => Untrusted::UnknownIssuer(certificate.issuer),
        Some(last) if last.is_self_issued => Untrusted::SelfSignedInChain(last.issuer),
        Some(last) => Untrusted::UnknownIssuerOfChain(last.issuer),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // webpki checks the name last.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            Err(_) if self.is_given(end_entity) => {
                self.check_given(end_entity, server_name, now).map(|()| ServerCertVerified::assertion())
            }
            Err(error) => Err(described(error, end_entity, intermediates)),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.webpki.verify_tls12_signature(message, cert, dss) {
            // webpki does not read certificates of version 1.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.is_given(cert) => {
                verify_signature(message, cert, dss, &self.provider)
            }
            result => result,
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.webpki.verify_tls13_signature(message, cert, dss) {
            // webpki does not read certificates of version 1.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.is_given(cert) => {
                let key = certificate::public_key(cert).ok_or(CertificateError::BadEncoding)?;
                let supported = &self.provider.signature_verification_algorithms;
                verify_tls13_signature_with_raw_key(message, &key, dss, supported)
            }
            result => result,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// Verifies a signature of TLS 1.2, whose schemes do not fix the curve, with a key that webpki cannot read.
fn verify_signature(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    provider: &CryptoProvider,
) -> Result<HandshakeSignatureValid, Error> {
    let (algorithm, key) = certificate::key_parts(certificate).ok_or(CertificateError::BadEncoding)?;
    let mapping = provider.signature_verification_algorithms.mapping.iter();
    mapping
        .filter(|(scheme, _)| *scheme == dss.scheme)
        .flat_map(|(_, candidates)| candidates.iter())
        .find(|candidate| candidate.public_key_alg_id().as_ref() == algorithm)
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?
        .verify_signature(&key, message, dss.signature())
        .map(|()| HandshakeSignatureValid::assertion())
        .map_err(|_| CertificateError::BadSignature.into())
}

/// The error of a TLS setup that fails although every option was checked.
pub(super) fn set_up_failed() -> crate::error::Error {
    crate::error::Error::Internal { problem: "TLS could not be set up" }
}

//! [`TlsOptions`]: how a server's certificate is verified, and which certificate the client presents.

use std::fs;
use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::tls;

/// The ALPN protocol of `sslnegotiation=direct`.
const ALPN: &[u8] = b"postgresql";

/// Which authorities are trusted in addition to the user's `ca`: `sslrootcert`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Authorities {
    /// The default authorities: Mozilla's, and those that environment variables name.
    #[default]
    Default,
    /// The default authorities and the operating system's.
    System,
    /// The authorities in this file, in PEM.
    File(String),
}

/// The TLS settings of a connection string.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub(super) struct TlsOptions {
    /// Authorities to trust, in PEM.
    pub(super) ca: Option<String>,
    pub(super) authorities: Authorities,
    /// Whether the certificate must have been issued by a trusted authority.
    pub(super) verifies_authority: bool,
    /// Whether the certificate must also be valid for the host's name.
    pub(super) verifies_name: bool,
    /// The file with the client's certificate, in PEM.
    pub(super) certificate: Option<String>,
    /// The file with the client's private key, in PEM.
    pub(super) key: Option<String>,
    pub(super) sends_no_name: bool,
    pub(super) only_version_13: bool,
    /// Whether TLS starts at once, without PostgreSQL's own negotiation.
    pub(super) direct: bool,
}

impl TlsOptions {
    /// Reads the files, and returns the settings for connections.
    pub(super) fn client_config(&self, variables: &Variables) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let versions: &[_] = if self.only_version_13 { &[&TLS13] } else { &[&TLS12, &TLS13] };
        let verifier = self.verifier(&provider, variables)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|_| set_up_failed())?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match (&self.certificate, &self.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = certificates("sslcert", &read("sslcert", certificate)?)?;
                let key = PrivateKeyDer::from_pem_slice(&read("sslkey", key)?)
                    .map_err(|_| wrong("sslkey", "is not an unencrypted private key in PEM"))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| wrong("sslkey", "is not the private key of `sslcert`"))?
            }
            (Some(_), None) => return Err(wrong("sslcert", "needs its private key as `sslkey`")),
            (None, Some(_)) => return Err(wrong("sslkey", "needs its certificate as `sslcert`")),
        };
        config.enable_sni = !self.sends_no_name;
        if self.direct {
            config.alpn_protocols = vec![ALPN.to_vec()];
        }
        Ok(config)
    }

    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
        variables: &Variables,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        let authorities = match &self.authorities {
            Authorities::Default => tls::Authorities::Default,
            Authorities::System => tls::Authorities::DefaultAndSystem,
            Authorities::File(path) => {
                tls::Authorities::Only(certificates("sslrootcert", &read("sslrootcert", path)?)?)
            }
        };
        let verifier = tls::server_verifier(authorities, self.ca.as_deref(), self.verifies_name, variables)?;
        if self.verifies_authority {
            return Ok(verifier);
        }
        Ok(Arc::new(AnyCertificate { algorithms: provider.signature_verification_algorithms }))
    }
}

fn read(parameter: &str, path: &str) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => wrong(parameter, "names a file that is not there"),
        _ => wrong(parameter, "names a file that cannot be read"),
    })
}

fn certificates(parameter: &str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    pem(text).ok_or_else(|| wrong(parameter, "names a file that has no certificates in PEM"))
}

/// Reads one or more certificates in PEM.
fn pem(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<std::result::Result<_, _>>().ok()?;
    (!found.is_empty()).then_some(found)
}

fn wrong(parameter: &str, problem: &str) -> Error {
    Error::configuration("url", format!("has a parameter `{parameter}` that {problem}"))
}

fn set_up_failed() -> Error {
    Error::Internal { problem: "TLS could not be set up" }
}

/// Accepts every certificate, since `sslmode=require` only protects against eavesdropping.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

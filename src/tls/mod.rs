//! TLS for HTTP, Redis and PostgreSQL: the one place that makes a [`rustls::ClientConfig`].
//!
//! Every kind of connection trusts the same authorities: Mozilla's root certificates, those that environment variables
//! name, and the user's `ca`. [`explain`] describes why a connection failed.

mod certificate;
mod explain;
mod roots;
mod verifier;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

pub use explain::{Failure, explain, node_code};
pub use roots::Authorities;

use self::roots::Roots;
use self::verifier::{Verifier, set_up_failed};
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// A client certificate with its private key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// The certificate, followed by those of any authorities between it and a root.
    pub certificate: String,
    /// The private key of the certificate, which must not be encrypted.
    pub key: Secret,
}

/// The settings for TLS connections, which allow TLS 1.2 and 1.3 and use no ALPN.
///
/// `ca` holds certificates in PEM that are trusted in addition to the default ones. A line with the word `system` adds
/// the operating system's roots. As in Node, a server whose own certificate is in `ca` is trusted for the names in that
/// certificate. `client_certificate` is presented to servers that ask for one. `variables` can name further default
/// authorities.
///
/// Fails with [`Error::Configuration`] that names `ca`, `cert`, `key` or the variable of the environment at fault.
pub fn client_config(
    ca: Option<&str>,
    client_certificate: Option<&ClientCertificate>,
    variables: &Variables,
) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = server_verifier(Authorities::Default, ca, true, variables)?;
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| set_up_failed())?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(match client_certificate {
        None => config.with_no_client_auth(),
        Some(certificate) => config.with_client_cert_resolver(signing_key(certificate, &provider)?),
    })
}

/// The verifier of [`client_config`], for connections that trust other authorities than the default ones or do not
/// check the server's name.
pub fn server_verifier(
    authorities: Authorities,
    ca: Option<&str>,
    checks_name: bool,
    variables: &Variables,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let roots = Roots::new(authorities, ca, variables)?;
    Ok(Arc::new(Verifier::new(roots, Arc::new(ring::default_provider()), checks_name)?))
}

/// A resolver for the client's certificate. rustls's own `with_client_auth_cert` refuses certificates of X.509 version
/// 1, which servers accept.
fn signing_key(
    certificate: &ClientCertificate,
    provider: &CryptoProvider,
) -> Result<Arc<dyn ResolvesClientCert>> {
    let chain = roots::certificates("cert", certificate.certificate.as_bytes())?;
    let public_key = chain
        .first()
        .and_then(certificate::public_key)
        .ok_or_else(|| Error::configuration("cert", "must be an X.509 certificate in PEM"))?;
    let key = provider.key_provider.load_private_key(private_key(&certificate.key)?).map_err(|_| {
        let problem = "is of a kind that is not supported; use RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384, or \
                       Ed25519";
        Error::configuration("key", problem)
    })?;
    if key.public_key().is_none_or(|own| own != public_key) {
        return Err(Error::configuration("key", "must be the private key of `cert`"));
    }
    Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
}

fn private_key(key: &Secret) -> Result<PrivateKeyDer<'static>> {
    let text = key.expose();
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        let problem = "is encrypted; give the decrypted key, which `openssl pkey -in key.pem` prints";
        return Err(Error::configuration("key", problem));
    }
    if text.contains("BEGIN OPENSSH PRIVATE KEY") {
        let problem = "is in the format of OpenSSH; `ssh-keygen -p -m PKCS8 -f key` rewrites it in PKCS#8";
        return Err(Error::configuration("key", problem));
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| Error::configuration("key", "must be a private key in PEM: PKCS#8, SEC1 or PKCS#1"))
}

#[cfg(test)]
mod tests;

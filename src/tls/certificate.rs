//! Reads a certificate's names, dates and key. Trust is decided elsewhere.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer};
use rustls::server::ParsedCertificate;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const SERVER_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// The longest name in a message. Longer ones are cut.
const LONGEST_NAME: usize = 100;

/// The content of a certificate.
pub(super) struct Facts {
    /// When the certificate becomes valid, since the Unix epoch.
    pub(super) not_before: Duration,
    /// When the certificate expires, since the Unix epoch.
    pub(super) not_after: Duration,
    /// The host names in the subjectAltName.
    hosts: Vec<String>,
    /// The addresses in the subjectAltName.
    addresses: Vec<IpAddr>,
    /// The subject's common name.
    common_name: Option<String>,
    /// The issuer's name, short and printable.
    pub(super) issuer: String,
    /// Whether the certificate names itself as its issuer.
    pub(super) is_self_issued: bool,
    /// Whether the certificate is of X.509 version 3.
    pub(super) is_version_3: bool,
    /// Whether a server may use the certificate.
    pub(super) is_for_servers: bool,
}

impl Facts {
    /// Reads a certificate. `None` if it is malformed.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?.tbs_certificate;
        let (mut hosts, mut addresses) = (Vec::new(), Vec::new());
        if let Some((_, SubjectAltName(names))) = certificate.get::<SubjectAltName>().ok()? {
            for name in names {
                match name {
                    GeneralName::DnsName(name) => hosts.push(name.to_string()),
                    GeneralName::IpAddress(octets) => addresses.extend(address(octets.as_bytes())),
                    _ => {}
                }
            }
        }
        let uses = certificate.get::<ExtendedKeyUsage>().ok()?;
        Some(Self {
            not_before: certificate.validity.not_before.to_unix_duration(),
            not_after: certificate.validity.not_after.to_unix_duration(),
            hosts,
            addresses,
            common_name: attribute(&certificate.subject, COMMON_NAME),
            issuer: short(&certificate.issuer),
            is_self_issued: certificate.subject == certificate.issuer,
            is_version_3: certificate.version == x509_cert::Version::V3,
            is_for_servers: uses.is_none_or(|(_, ExtendedKeyUsage(uses))| {
                uses.contains(&SERVER_AUTHENTICATION) || uses.contains(&ANY_USE)
            }),
        })
    }

    /// Whether the certificate is valid for this server, by Node's rules: a host is compared with the names in
    /// subjectAltName, or with the common name if there are none, and an address with subjectAltName only.
    pub(super) fn is_for(&self, server: &ServerName<'_>) -> bool {
        match server {
            ServerName::DnsName(host) => {
                let host = host.as_ref();
                if self.hosts.is_empty() {
                    self.common_name.as_deref().is_some_and(|name| matches_host(name, host))
                } else {
                    self.hosts.iter().any(|name| matches_host(name, host))
                }
            }
            ServerName::IpAddress(address) => self.addresses.contains(&(*address).into()),
            _ => false,
        }
    }

    /// The names that the certificate is valid for, for messages.
    pub(super) fn names(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| printable(host));
        hosts.chain(self.addresses.iter().map(ToString::to_string)).collect()
    }

    /// The common name, for messages.
    pub(super) fn common_name(&self) -> Option<String> {
        self.common_name.as_deref().map(printable)
    }
}

/// The public key of a certificate of any version. `None` if it is malformed.
pub(super) fn public_key(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    if let Ok(certificate) = ParsedCertificate::try_from(certificate) {
        return Some(certificate.subject_public_key_info());
    }
    let certificate = Certificate::from_der(certificate).ok()?;
    certificate.tbs_certificate.subject_public_key_info.to_der().ok().map(SubjectPublicKeyInfoDer::from)
}

/// The algorithm of a certificate's public key, in the form that rustls uses, and the key itself. `None` if the
/// certificate is malformed.
pub(super) fn key_parts(certificate: &CertificateDer<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = Certificate::from_der(certificate).ok()?.tbs_certificate.subject_public_key_info;
    let mut algorithm = key.algorithm.oid.to_der().ok()?;
    if let Some(parameters) = key.algorithm.parameters {
        algorithm.extend(parameters.to_der().ok()?);
    }
    Some((algorithm, key.subject_public_key.raw_bytes().to_vec()))
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
    }
}

/// Compares a host with a name (RFC 9525 section 6.3): a `*` stands for the whole first label of a name with at least
/// three labels.
fn matches_host(name: &str, host: &str) -> bool {
    let [name, host] = [name, host].map(|name| name.strip_suffix('.').unwrap_or(name));
    match name.strip_prefix("*.") {
        None => !name.is_empty() && name.eq_ignore_ascii_case(host),
        Some(rest) => host.split_once('.').is_some_and(|(first, domain)| {
            !first.is_empty() && rest.contains('.') && domain.eq_ignore_ascii_case(rest)
        }),
    }
}

/// The common name, or else the organization, or else the whole name.
fn short(name: &Name) -> String {
    let text = attribute(name, COMMON_NAME)
        .or_else(|| attribute(name, ORGANIZATION))
        .unwrap_or_else(|| name.to_string());
    printable(&text)
}

fn attribute(name: &Name, wanted: ObjectIdentifier) -> Option<String> {
    let mut attributes = name.0.iter().flat_map(|relative| relative.0.iter());
    let value = &attributes.find(|attribute| attribute.oid == wanted)?.value;
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
            std::str::from_utf8(value.value()).ok().map(str::to_owned)
        }
        _ => None,
    }
}

/// A name that a server sent, made safe for a message.
fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_its_host_and_a_wildcard_one_label() {
        for (name, host) in [
            ("a.example.com", "A.Example.com"),
            ("a.example.com", "a.example.com."),
            ("*.example.com", "a.example.com"),
            ("localhost", "localhost"),
        ] {
            assert!(matches_host(name, host), "{name} {host}");
        }
        for (name, host) in [
            ("example.com", "a.example.com"),
            ("*.example.com", "example.com"),
            ("*.example.com", "b.a.example.com"),
            ("*.com", "example.com"),
            ("*", "localhost"),
            ("", "localhost"),
            ("a*.example.com", "ab.example.com"),
        ] {
            assert!(!matches_host(name, host), "{name} {host}");
        }
    }
}

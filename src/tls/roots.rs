//! [`Roots`]: the certificates that connections trust.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::environment::Variables;
use crate::error::{Error, Result};

/// The word in `ca` that adds the operating system's roots.
const SYSTEM: &str = "system";

/// The default certificates for each environment. They are kept, since reading them takes longer than everything else
/// in the set-up.
static DEFAULT: Mutex<BTreeMap<Named, Roots>> = Mutex::new(BTreeMap::new());
/// The operating system's certificates, read on first use.
static OF_SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();

/// The certificates that connections trust.
#[derive(Clone)]
pub(super) struct Roots {
    /// The authorities whose certificates are trusted.
    pub(super) anchors: Arc<RootCertStore>,
    /// The certificates that the user gave. A server may present any of them as its own.
    pub(super) given: Arc<HashSet<CertificateDer<'static>>>,
}

/// The authorities that are trusted in addition to `ca`.
#[derive(Debug)]
pub enum Authorities {
    /// Mozilla's, and those that environment variables name.
    Default,
    /// The default ones, and the operating system's if it has any.
    DefaultAndSystem,
    /// Only these.
    Only(Vec<CertificateDer<'static>>),
}

impl Roots {
    /// The trusted certificates: `authorities` and those in `ca`.
    pub(super) fn new(authorities: Authorities, ca: Option<&str>, variables: &Variables) -> Result<Self> {
        let mut roots = match authorities {
            Authorities::Default => Self::default_ones(variables)?,
            Authorities::DefaultAndSystem => {
                let mut roots = Self::default_ones(variables)?;
                roots.add_system();
                roots
            }
            Authorities::Only(given) => {
                let mut roots = Self { anchors: Arc::new(RootCertStore::empty()), given: Arc::default() };
                roots.add_given("ca", given)?;
                roots
            }
        };
        if let Some(ca) = ca {
            let wants_system = ca.lines().any(|line| line.trim() == SYSTEM);
            if wants_system && !roots.add_system() {
                let problem = "says `system`, but the operating system has no certificates; install the package \
                               ca-certificates, or leave `system` out";
                return Err(Error::configuration("ca", problem));
            }
            if !wants_system || ca.contains("-----BEGIN") {
                roots.add_given("ca", certificates("ca", ca.as_bytes())?)?;
            }
        }
        Ok(roots)
    }

    /// Mozilla's roots, and those that environment variables name.
    fn default_ones(variables: &Variables) -> Result<Self> {
        let named = Named::new(variables);
        let mut known = DEFAULT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roots) = known.get(&named) {
            return Ok(roots.clone());
        }
        let mozilla = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let mut roots = Self { anchors: Arc::new(mozilla), given: Arc::default() };
        for (name, path) in &named.files {
            let pem = std::fs::read(path)
                .map_err(|_| Error::configuration(*name, "names a file that cannot be read"))?;
            roots.add_given(name, certificates(name, &pem)?)?;
        }
        if let Some(folders) = &named.folders {
            for folder in std::env::split_paths(folders) {
                roots.add_folder("SSL_CERT_DIR", &folder)?;
            }
        }
        if named.system {
            // As in Node, a system without any roots is not an error.
            roots.add_system();
        }
        known.insert(named, roots.clone());
        Ok(roots)
    }

    /// Trusts the certificates that the user gave in `field`.
    fn add_given(&mut self, field: &'static str, given: Vec<CertificateDer<'static>>) -> Result<()> {
        let (added, _) = Arc::make_mut(&mut self.anchors).add_parsable_certificates(given.iter().cloned());
        if added == 0 {
            return Err(Error::configuration(field, "must hold certificates that can be trusted"));
        }
        Arc::make_mut(&mut self.given).extend(given);
        Ok(())
    }

    /// Trusts the certificates in a folder that `openssl rehash` or `c_rehash` prepared. Other files in it are ignored.
    fn add_folder(&mut self, field: &'static str, folder: &Path) -> Result<()> {
        let unreadable = |_| Error::configuration(field, "names a folder that cannot be read");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let Ok(pem) = std::fs::read(entry.map_err(unreadable)?.path()) else { continue };
            found.extend(CertificateDer::pem_slice_iter(&pem).filter_map(std::result::Result::ok));
        }
        if found.is_empty() { Ok(()) } else { self.add_given(field, found) }
    }

    /// Trusts the operating system's roots. Returns false if there are none.
    fn add_system(&mut self) -> bool {
        let system = OF_SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs);
        Arc::make_mut(&mut self.anchors).add_parsable_certificates(system.iter().cloned());
        !system.is_empty()
    }
}

/// The authorities that environment variables name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    /// The variables, and the files that they name.
    files: Vec<(&'static str, String)>,
    folders: Option<String>,
    system: bool,
}

impl Named {
    fn new(variables: &Variables) -> Self {
        let file = |name| Some((name, variables.get(name)?));
        let options = variables.get("NODE_OPTIONS").unwrap_or_default();
        Self {
            files: ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"].into_iter().filter_map(file).collect(),
            folders: variables.get("SSL_CERT_DIR"),
            system: variables.get("NODE_USE_SYSTEM_CA").is_some_and(|value| value == "1")
                || options.split_whitespace().any(|option| option == "--use-system-ca"),
        }
    }
}

/// Reads the certificates in a PEM text. Errors name `field`.
pub(super) fn certificates(field: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let malformed =
        || Error::configuration(field, "must hold certificates in PEM; it holds none, or a damaged one");
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| malformed())?;
    if found.is_empty() { Err(malformed()) } else { Ok(found) }
}

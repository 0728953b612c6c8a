//! The environment variables for the network: proxies, and authorities to trust.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// The names of the variables that are read.
pub const NAMES: [&str; 9] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_USE_SYSTEM_CA",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// A source of environment variables. The URL of a proxy may hold a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Variables {
    /// The environment of this process.
    #[default]
    OfProcess,
    /// The given variables, for a worker thread of Node, which has an environment of its own.
    Given(BTreeMap<String, Secret>),
}

impl Variables {
    /// The value of a variable, whose name may be in upper or lower case. Upper case takes precedence. `None` if the
    /// value is empty.
    pub(crate) fn get(&self, name: &'static str) -> Option<String> {
        debug_assert!(NAMES.contains(&name), "{name} is none of those that are handed over");
        let value = self.read(name).or_else(|| self.read(&name.to_ascii_lowercase()));
        value.filter(|value| !value.is_empty())
    }

    fn read(&self, name: &str) -> Option<String> {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
            Self::OfProcess => std::env::var(name).ok(),
            Self::Given(given) => given.get(name).map(|value| value.expose().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_case_wins_and_passwords_are_not_printed() {
        let given = [
            ("https_proxy", "http://low"),
            ("HTTPS_PROXY", "http://u:canary@up"),
            ("no_proxy", "a"),
            ("ALL_PROXY", ""),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), Secret::new(value)));
        let variables = Variables::Given(BTreeMap::from(given));
        assert_eq!(variables.get("HTTPS_PROXY").as_deref(), Some("http://u:canary@up"));
        assert_eq!(variables.get("NO_PROXY").as_deref(), Some("a"));
        assert_eq!(variables.get("ALL_PROXY"), None);
        assert_eq!(variables.get("HTTP_PROXY"), None);
        assert!(!format!("{variables:?}").contains("canary"));
    }
}

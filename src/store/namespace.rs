//! [`Namespace`]: keeps the records of one app apart from those of others in the same database.

use crate::error::{Error, Result};

const LONGEST: usize = 64;

/// A checked namespace. Its characters need no quoting in any store.
#[derive(Debug, Clone)]
pub(super) struct Namespace(String);

impl Namespace {
    /// Checks a namespace: 1 to 64 letters, digits, `.`, `_` and `-`. Default: `default`.
    pub(super) fn new(name: Option<String>) -> Result<Self> {
        let name = name.unwrap_or_else(|| "default".to_owned());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=LONGEST).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name))
        } else {
            Err(Error::configuration("namespace", "must be 1 to 64 letters, digits, `.`, `_` or `-`"))
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_needs_no_quoting() {
        assert_eq!(Namespace::new(None).unwrap().as_str(), "default");
        assert!(Namespace::new(Some("eu-1.prod_2".into())).is_ok());
        for bad in ["", "a b", "a}", "é", &"a".repeat(65)] {
            assert!(Namespace::new(Some(bad.into())).is_err(), "{bad}");
        }
    }
}

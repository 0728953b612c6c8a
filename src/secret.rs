//! [`Secret`]: text that must never be printed.

use std::fmt;

use zeroize::Zeroizing;

/// Text that must never be printed: a key, a token, a client secret, a code.
///
/// Wiped when dropped, redacted in `Debug`, without `Display` or serialization. Its one accessor,
/// [`Secret::expose`], is called only where a secret meets the wire, a store or its owner;
/// `tests/it/secrets.rs` keeps the list of those files.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller's own copy, if any, is the caller's to wipe.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is any text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", Secret::new("DCRA1-canary")), "[redacted]");
    }
}

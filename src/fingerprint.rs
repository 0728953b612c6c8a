//! [`Fingerprint`]: shows whether two values are equal, secrets included, without keeping them.

use std::fmt;
use std::hash::{Hash, Hasher};

use ring::digest;

/// A hash of a value. Within one process, it is equal for equal values, and it reveals nothing about them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; digest::SHA256_OUTPUT_LEN]);

impl Fingerprint {
    /// The fingerprint of `what`, by everything that its `Hash` includes.
    pub fn of(what: &impl Hash) -> Self {
        let mut hasher = Sha256(digest::Context::new(&digest::SHA256));
        what.hash(&mut hasher);
        let mut fingerprint = [0; digest::SHA256_OUTPUT_LEN];
        fingerprint.copy_from_slice(hasher.0.finish().as_ref());
        Self(fingerprint)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// SHA-256 as a `Hasher`. The 64 bits of other hashers are too few, since a collision would expose another app's
/// tokens.
struct Sha256(digest::Context);

impl Hasher for Sha256 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn what_is_made_of_the_same_is_the_same() {
        let of = |kind: &str, secret: &str| Fingerprint::of(&(kind, Secret::new(secret), Some("x")));
        assert_eq!(of("a", "b"), of("a", "b"));
        assert_ne!(of("a", "b"), of("a", "c"));
        assert_ne!(of("ab", "c"), of("a", "bc"), "parts do not run into one another");
        assert_ne!(Fingerprint::of(&Some("")), Fingerprint::of(&None::<&str>));
        assert_eq!(format!("{:?}", of("a", "b")), "Fingerprint");
    }
}

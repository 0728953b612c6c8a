//! [`CredentialId`]: which credential of which API the limits belong to.

use std::fmt;

/// Identifies a credential of an API without revealing it: a SHA-256 of what makes the credential unique.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialId([u8; 32]);

impl CredentialId {
    /// The id of the credential that `parts` describe together, such as the API's URL, the kind of credential and a hash of
    /// its secret. The boundaries between the parts count.
    pub fn new(parts: &[&[u8]]) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

impl fmt::Display for CredentialId {
    /// Writes the hash in hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialId")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_each_part_and_its_boundaries() {
        assert_ne!(CredentialId::new(&[b"ab", b"c"]), CredentialId::new(&[b"a", b"bc"]));
        assert_eq!(CredentialId::new(&[b"ab", b"c"]), CredentialId::new(&[b"ab", b"c"]));
        assert_eq!(format!("{:?}", CredentialId::new(&[b"canary"])), "CredentialId");
    }
}

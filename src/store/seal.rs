//! [`Sealer`]: encrypts records for stores. With a key, a store holds only bytes that cannot be read or made without
//! the key, and that decrypt only as the same version of the same record.
//!
//! It cannot detect that a store was restored to an earlier state as a whole, versions included. Such a store returns
//! refresh tokens that were spent since, and the token endpoint refuses them.

use std::fmt;
use std::hash::{Hash, Hasher};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::{digest, hkdf};
use zeroize::Zeroizing;

use super::interface::{Store, Stored, Version};
use super::key_text::key_bytes;
use super::record::Record;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::random;
use crate::secret::Secret;

/// The first byte of an encrypted record, which identifies its layout: this byte, the key's id, the record's version
/// (big-endian), a nonce, the ciphertext with its tag, and a checksum. A plain record is JSON and begins with `{`.
const FORMAT: u8 = 1;
pub(super) const KEY_ID_LEN: usize = 4;
const CHECKSUM_LEN: usize = 4;

/// Whether records are encrypted, and with which keys.
#[derive(Debug)]
pub enum Sealing {
    /// Records are not encrypted. Anyone who can read the store or a backup of it has the tokens.
    Plain,
    /// Records are encrypted with the first of these keys and decrypted with any of them. To replace a key, put the new
    /// one first, and drop the old one once every record was written again.
    Keys(Vec<SealingKey>),
}

/// A key of 256 bits that encrypts records.
pub struct SealingKey {
    pub(super) id: [u8; KEY_ID_LEN],
    fingerprint: Fingerprint,
    root: hkdf::Prk,
}

/// Encrypts and decrypts the records of one store.
#[derive(Debug, Hash)]
pub struct Sealer {
    namespace: String,
    /// Empty if records are not encrypted.
    keys: Vec<SealingKey>,
}

/// Why a record cannot be decrypted. Such a record is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unreadable {
    #[error("the record is sealed with a key that was not given; add it to `encryptionKey`, or restore it")]
    WrongKey,
    #[error("the record is sealed; give its key as `encryptionKey`")]
    NoKey,
    #[error(
        "the record is not sealed although there is an `encryptionKey`; import the grant or the customer's credentials that it holds again"
    )]
    NotSealed,
    #[error("the record is damaged; restore it, or let its customer authorize or connect again")]
    Damaged,
    #[error(
        "the version in the record's content differs from that of its row: one of them was changed or rolled back"
    )]
    OtherVersion,
    #[error(
        "the record belongs to another id or namespace, or was forged: the store was changed from outside"
    )]
    OtherRecord,
    #[error("the record is not one of this version of smartrecruiters; it was left as it is")]
    Foreign,
}

impl SealingKey {
    /// Reads a key: 32 random bytes in Base64 (`openssl rand -base64 32`) or in hex. Fails with
    /// [`Error::Configuration`] that names `encryptionKey` and does not quote the text.
    pub fn new(text: &Secret) -> Result<Self> {
        let key =
            key_bytes(text.expose()).map_err(|problem| Error::configuration("encryptionKey", problem))?;
        let id = sha256(&[b"smartrecruiters sealing key id", &key[..]]);
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"smartrecruiters sealing");
        Ok(Self { id, fingerprint: Fingerprint::of(&*key), root: salt.extract(&key[..]) })
    }

    /// Returns `header`, followed by `text` encrypted for `context` and a checksum.
    pub(super) fn seal(
        &self,
        header: &[u8],
        context: &[u8],
        mut text: Zeroizing<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let associated = Aad::from([header, context].concat());
        self.of(context)
            .and_then(|key| {
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated, &mut *text)
            })
            .map_err(|_| Error::Internal { problem: "a record could not be sealed" })?;
        let mut sealed = [header, &nonce, &text[..]].concat();
        let checksum: [u8; CHECKSUM_LEN] = sha256(&[&sealed]);
        sealed.extend(checksum);
        Ok(sealed)
    }

    /// Decrypts what [`SealingKey::seal`] put between the header and the checksum. `None` if it was changed or
    /// encrypted for another header or context.
    pub(super) fn open(&self, header: &[u8], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let associated = Aad::from([header, context].concat());
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let key = self.of(context).ok()?;
        let length =
            key.open_in_place(Nonce::assume_unique_for_key(*nonce), associated, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    /// The key of one record. A random nonce of 96 bits is safe for 2^32 messages under one key (NIST SP 800-38D
    /// section 8.3). Many processes could exceed that within years, but not with the versions of a single record.
    fn of(&self, context: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let info = [context];
        let key = self.root.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl Hash for SealingKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

impl Sealer {
    /// A sealer for the records of `store`. Without `sealing`, records are not encrypted, which only a store in memory
    /// accepts. Fails with [`Error::Configuration`] that names `encryptionKey`.
    pub fn new(store: &dyn Store, sealing: Option<Sealing>) -> Result<Self> {
        let keys = match sealing {
            Some(Sealing::Keys(keys)) if keys.is_empty() => {
                return Err(Error::configuration("encryptionKey", "must hold at least one key"));
            }
            Some(Sealing::Keys(keys)) => keys,
            Some(Sealing::Plain) => Vec::new(),
            None if !store.is_durable() => Vec::new(),
            None => {
                return Err(Error::configuration(
                    "encryptionKey",
                    "is required with a durable store, which would hold tokens unencrypted without one; make a key with \
                     `openssl rand -base64 32`, or give `false`",
                ));
            }
        };
        Ok(Self { namespace: store.namespace().to_owned(), keys })
    }

    /// Encrypts `record` as version `version` of the record `id`.
    pub fn seal<R: Record>(&self, id: &str, version: Version, record: &R) -> Result<Vec<u8>> {
        let mut text = Zeroizing::new(record.encode()?);
        match self.keys.first() {
            Some(key) => self.seal_text(key, id, version, text),
            None => Ok(std::mem::take(&mut *text)),
        }
    }

    /// Decrypts a record that [`Sealer::seal`] made for this id and version. Fails with [`Error::Store`] otherwise.
    pub fn open<R: Record>(&self, id: &str, stored: &Stored) -> Result<R> {
        R::decode(&self.text(id, stored)?)
    }

    /// Encrypts a record of any kind again, as its next version and with the first key. `None` if it already is
    /// encrypted with that key, or records are not encrypted.
    pub fn reseal(&self, id: &str, stored: &Stored) -> Result<Option<Vec<u8>>> {
        let text = self.text(id, stored)?;
        let sealed_with = Parts::of(&stored.bytes).map(|parts| parts.key_id);
        match self.keys.first().filter(|key| sealed_with != Some(key.id)) {
            Some(key) => self.seal_text(key, id, stored.version + 1, text).map(Some),
            None => Ok(None),
        }
    }

    /// Fails with [`Error::Configuration`] if there is no key, for operations that need encryption.
    pub fn require_key(&self, operation: &str) -> Result<()> {
        if self.keys.is_empty() {
            return Err(Error::configuration("encryptionKey", format!("is required for {operation}")));
        }
        Ok(())
    }

    fn seal_text(
        &self,
        key: &SealingKey,
        id: &str,
        version: Version,
        text: Zeroizing<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let header = [&[FORMAT][..], &key.id, &version.to_be_bytes()].concat();
        key.seal(&header, &self.context(id), text)
    }

    /// The unencrypted content of a record.
    fn text(&self, id: &str, stored: &Stored) -> Result<Zeroizing<Vec<u8>>> {
        let text = match (stored.bytes.first(), self.keys.is_empty()) {
            (Some(&FORMAT), false) => self.unseal(id, stored),
            (Some(b'{'), true) => Ok(Zeroizing::new(stored.bytes.clone())),
            (Some(&FORMAT), true) => Err(Unreadable::NoKey),
            (Some(b'{'), false) => Err(Unreadable::NotSealed),
            _ => Err(Unreadable::Foreign),
        };
        text.map_err(unreadable)
    }

    /// Fails if there is no key for the record, whatever else may be wrong with it. The keys then differ from those of
    /// the store's other users.
    pub fn check_key(&self, stored: &Stored) -> Result<()> {
        let sealed = stored.bytes.first() == Some(&FORMAT);
        let why = match Parts::of(&stored.bytes).filter(|_| sealed) {
            Some(_) if self.keys.is_empty() => Unreadable::NoKey,
            Some(parts) if !self.keys.iter().any(|key| key.id == parts.key_id) => Unreadable::WrongKey,
            _ => return Ok(()),
        };
        Err(unreadable(why))
    }

    fn unseal(&self, id: &str, stored: &Stored) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let parts = Parts::of(&stored.bytes).ok_or(Unreadable::Damaged)?;
        let key = self.key(parts.key_id).ok_or(Unreadable::WrongKey)?;
        if parts.version != stored.version {
            return Err(Unreadable::OtherVersion);
        }
        key.open(parts.header, &self.context(id), parts.sealed).ok_or(Unreadable::OtherRecord)
    }

    pub(super) fn first_key(&self) -> Option<&SealingKey> {
        self.keys.first()
    }

    pub(super) fn key(&self, id: [u8; KEY_ID_LEN]) -> Option<&SealingKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The namespace and id that a record's encryption is bound to. Each is preceded by its length, so that no two
    /// pairs have the same bytes.
    fn context(&self, id: &str) -> Vec<u8> {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        let (namespace, id) = (self.namespace.as_str(), id);
        [&length(namespace)[..], namespace.as_bytes(), &length(id), id.as_bytes()].concat()
    }
}

/// The parts of an encrypted record.
struct Parts<'a> {
    header: &'a [u8],
    key_id: [u8; KEY_ID_LEN],
    version: Version,
    /// The nonce, followed by the ciphertext.
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Splits a record. `None` if `bytes` are damaged.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let bytes = undamaged(bytes)?;
        let (_format, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_first_chunk()?;
        let (version, sealed) = rest.split_first_chunk()?;
        let header = &bytes[..bytes.len() - sealed.len()];
        Some(Self { header, key_id: *key_id, version: u64::from_be_bytes(*version), sealed })
    }
}

/// The bytes without their checksum, or `None` if it does not match. The checksum only distinguishes damage from
/// forgery, which the tag detects.
pub(super) fn undamaged(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>()?;
    (sha256(&[bytes]) == *checksum).then_some(bytes)
}

fn unreadable(why: Unreadable) -> Error {
    Error::Store { operation: "load", problem: why.to_string().into() }
}

/// The first `N` bytes of the SHA-256 hash.
pub(super) fn sha256<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(part);
    }
    let hash = hash.finish();
    std::array::from_fn(|index| hash.as_ref()[index])
}

#[cfg(test)]
mod tests;

//! [`Sealer`]: what stores get to see of a grant. With a key, nothing but bytes that nobody else can make, and that
//! open only as the same version of the same grant.
//!
//! What it cannot see: a store that is put back to an earlier state as a whole, versions included. Such a store
//! yields refresh tokens that were spent since, and the token endpoint refuses them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::{digest, hkdf};
use zeroize::Zeroizing;

use super::record::Record;
use super::{Store, Stored, Version};
use crate::error::{Error, Result};
use crate::random;
use crate::secret::Secret;

/// The first byte of a sealed record, and its layout:
/// this byte, the key's id, the record's version (big-endian), a nonce, the ciphertext with its tag, a checksum.
/// A plain record is JSON: it begins with `{`.
const FORMAT: u8 = 1;
const KEY_LEN: usize = 32;
const KEY_ID_LEN: usize = 4;
const CHECKSUM_LEN: usize = 4;

/// How records are kept.
#[derive(Debug)]
pub enum Sealing {
    /// As they are: whoever can read the store or a backup of it has the tokens.
    Plain,
    /// Sealed with the first of these keys. All of them open, so that a key can be replaced: put the new one first,
    /// and drop the old one when every record was written since.
    Keys(Vec<SealingKey>),
}

/// A key of 256 bits that seals records.
pub struct SealingKey {
    id: [u8; KEY_ID_LEN],
    root: hkdf::Prk,
}

/// Turns records into the bytes that one store holds, and back.
#[derive(Debug)]
pub struct Sealer {
    namespace: String,
    /// None: records are plain.
    keys: Vec<SealingKey>,
}

/// Why a record cannot be opened. It is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unreadable {
    #[error("the record is sealed with a key that was not given; add it to `encryptionKey`, or restore it")]
    WrongKey,
    #[error("the record is sealed; give its key as `encryptionKey`")]
    NoKey,
    #[error("the record is not sealed although there is an `encryptionKey`; import its grant again")]
    NotSealed,
    #[error("the record is damaged; restore it, or let the customer authorize again")]
    Damaged,
    #[error(
        "the record's content is of another version than its row: somebody changed or rolled back one of them"
    )]
    OtherVersion,
    #[error("the record belongs to another grant or namespace, or was forged: somebody changed the store")]
    OtherGrant,
    #[error("the record is not one of this version of smartrecruiters; it was left as it is")]
    Foreign,
}

impl SealingKey {
    /// Reads a key: 32 random bytes in Base64 (`openssl rand -base64 32`) or in hex.
    pub fn new(text: &Secret) -> Result<Self> {
        let key = key_bytes(text.expose()).ok_or_else(|| {
            Error::configuration(
                "encryptionKey",
                "must be 32 random bytes in Base64 or hex, as `openssl rand -base64 32` prints them",
            )
        })?;
        let id = sha256(&[b"smartrecruiters sealing key id", &key[..]]);
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"smartrecruiters sealing");
        Ok(Self { id, root: salt.extract(&key[..]) })
    }

    /// The key of one grant. Nonces are random, and 96 bits of them are enough for 2^32 records under one key
    /// (NIST SP 800-38D section 8.3): too few for a busy fleet in some years, but not for one of its grants.
    fn of(&self, context: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let info = [context];
        let key = self.root.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

impl Sealer {
    /// For the records of `store`. Without a `sealing` they are plain in memory; a durable store is refused.
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
                    "is required with a durable store: without one, tokens would be stored in the clear",
                ));
            }
        };
        Ok(Self { namespace: store.namespace().to_owned(), keys })
    }

    /// `record` as the bytes of version `version` of the grant `id`.
    pub fn seal<R: Record>(&self, id: &str, version: Version, record: &R) -> Result<Vec<u8>> {
        let mut text = Zeroizing::new(record.encode()?);
        let Some(key) = self.keys.first() else { return Ok(std::mem::take(&mut *text)) };
        let context = self.context(id);
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let header = [&[FORMAT][..], &key.id, &version.to_be_bytes()].concat();
        let associated = Aad::from([&header[..], &context].concat());
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        key.of(&context)
            .and_then(|key| key.seal_in_place_append_tag(nonce_once, associated, &mut *text))
            .map_err(|_| Error::Internal { problem: "a record could not be sealed" })?;
        let mut sealed = [&header[..], &nonce, &text[..]].concat();
        let checksum: [u8; CHECKSUM_LEN] = sha256(&[&sealed]);
        sealed.extend(checksum);
        Ok(sealed)
    }

    /// The record that [`Sealer::seal`] made, if it was made for this grant and version.
    pub fn open<R: Record>(&self, id: &str, stored: &Stored) -> Result<R> {
        let text = match (stored.bytes.first(), self.keys.is_empty()) {
            (Some(&FORMAT), false) => self.unseal(id, stored),
            (Some(b'{'), true) => return R::decode(&stored.bytes),
            (Some(&FORMAT), true) => Err(Unreadable::NoKey),
            (Some(b'{'), false) => Err(Unreadable::NotSealed),
            _ => Err(Unreadable::Foreign),
        };
        R::decode(&text.map_err(unreadable)?)
    }

    /// Fails if there is no key for the record, whatever else may be wrong with it: the keys are then not those of
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
        let key = self.keys.iter().find(|key| key.id == parts.key_id).ok_or(Unreadable::WrongKey)?;
        if parts.version != stored.version {
            return Err(Unreadable::OtherVersion);
        }
        let context = self.context(id);
        let associated = Aad::from([parts.header, &context].concat());
        let nonce = Nonce::assume_unique_for_key(parts.nonce);
        let mut text = Zeroizing::new(parts.ciphertext.to_vec());
        let length = key
            .of(&context)
            .and_then(|key| Ok(key.open_in_place(nonce, associated, &mut text)?.len()))
            .map_err(|_| Unreadable::OtherGrant)?;
        text.truncate(length);
        Ok(text)
    }

    /// What a record belongs to. Lengths go first, so that no two pairs have the same bytes.
    fn context(&self, id: &str) -> Vec<u8> {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        let (namespace, id) = (self.namespace.as_str(), id);
        [&length(namespace)[..], namespace.as_bytes(), &length(id), id.as_bytes()].concat()
    }
}

/// A sealed record, taken apart.
struct Parts<'a> {
    header: &'a [u8],
    key_id: [u8; KEY_ID_LEN],
    version: Version,
    nonce: [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    /// None if `bytes` are damaged. The checksum only tells damage from mischief: against the latter there is the tag.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (bytes, checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>()?;
        if sha256(&[bytes]) != *checksum {
            return None;
        }
        let (_format, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let header = &bytes[..bytes.len() - rest.len()];
        let (nonce, ciphertext) = rest.split_first_chunk()?;
        Some(Self {
            header,
            key_id: *key_id,
            version: u64::from_be_bytes(*version),
            nonce: *nonce,
            ciphertext,
        })
    }
}

fn unreadable(why: Unreadable) -> Error {
    Error::Store { operation: "load", problem: why.to_string().into() }
}

fn key_bytes(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if text.len() == 2 * KEY_LEN {
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |index: usize| (digits[index] as char).to_digit(16);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        return Some(key);
    }
    // Both alphabets of RFC 4648, padded or not.
    let standard = Zeroizing::new(text.trim_end_matches('=').replace('-', "+").replace('_', "/"));
    let length = STANDARD_NO_PAD.decode_slice(&*standard, &mut key[..]).ok()?;
    (length == KEY_LEN).then_some(key)
}

/// The first `N` bytes of the hash.
pub(super) fn sha256<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(part);
    }
    let hash = hash.finish();
    std::array::from_fn(|index| hash.as_ref()[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Due, GrantRecord, GrantState, MemoryStore, StoreFuture, Swap};
    use crate::token::RefreshToken;

    /// A durable store in name.
    #[derive(Debug)]
    struct Named(&'static str);

    impl Store for Named {
        fn namespace(&self) -> &str {
            self.0
        }
        fn load<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Stored>> {
            Box::pin(async { Ok(None) })
        }
        fn swap<'a>(&'a self, _: &'a str, _: Version, _: Vec<u8>, _: u64) -> StoreFuture<'a, Swap> {
            Box::pin(async { Ok(Swap::Lost) })
        }
        fn due(&self, _: u64, _: usize, _: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(&Secret::new(format!("{byte:02x}").repeat(32))).unwrap()
    }

    fn sealer(namespace: &'static str, keys: &[u8]) -> Sealer {
        let keys = keys.iter().map(|byte| key(*byte)).collect();
        Sealer::new(&Named(namespace), Some(Sealing::Keys(keys))).unwrap()
    }

    fn record() -> GrantRecord {
        GrantRecord {
            access: None,
            refresh: RefreshToken(Secret::new("canary-refresh-token")),
            refresh_issued_at: 3,
            scopes: Vec::new(),
            contested: false,
            state: GrantState::Idle { unresolved: 0 },
        }
    }

    fn sealed(sealer: &Sealer, id: &str, version: Version) -> Stored {
        Stored { version, bytes: sealer.seal(id, version, &record()).unwrap() }
    }

    fn refused(sealer: &Sealer, id: &str, stored: &Stored, why: Unreadable) {
        let error = sealer.open::<GrantRecord>(id, stored).unwrap_err();
        assert_eq!(error.to_string(), format!("the store failed to load: {why}"));
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn what_was_sealed_opens_and_shows_nothing() {
        let sealer = sealer("", &[1]);
        let stored = sealed(&sealer, "g", 7);
        assert_eq!(sealer.open::<GrantRecord>("g", &stored).unwrap(), record());
        assert!(!String::from_utf8_lossy(&stored.bytes).contains("canary"));
        assert_ne!(stored, sealed(&sealer, "g", 7), "each sealing has a nonce of its own");
    }

    #[test]
    fn a_key_is_replaced_while_both_are_known() {
        let (old, both, new) = (sealer("", &[1]), sealer("", &[2, 1]), sealer("", &[2]));
        assert_eq!(both.open::<GrantRecord>("g", &sealed(&old, "g", 1)).unwrap(), record());
        assert_eq!(new.open::<GrantRecord>("g", &sealed(&both, "g", 2)).unwrap(), record());
        refused(&new, "g", &sealed(&old, "g", 1), Unreadable::WrongKey);
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealer = sealer("", &[1]);
        let good = sealed(&sealer, "g", 1);
        for bit in 0..good.bytes.len() * 8 {
            let mut stored = good.clone();
            stored.bytes[bit / 8] ^= 1 << (bit % 8);
            let why = if bit < 8 { Unreadable::Foreign } else { Unreadable::Damaged };
            refused(&sealer, "g", &stored, why);
        }
        for length in 1..good.bytes.len() {
            refused(
                &sealer,
                "g",
                &Stored { version: 1, bytes: good.bytes[..length].to_vec() },
                Unreadable::Damaged,
            );
        }
    }

    #[test]
    fn a_forged_record_is_refused_although_its_checksum_is_right() {
        let sealer = sealer("", &[1]);
        let mut stored = sealed(&sealer, "g", 1);
        let end = stored.bytes.len() - CHECKSUM_LEN;
        stored.bytes[end - 1] ^= 1;
        let checksum: [u8; CHECKSUM_LEN] = sha256(&[&stored.bytes[..end]]);
        stored.bytes[end..].copy_from_slice(&checksum);
        refused(&sealer, "g", &stored, Unreadable::OtherGrant);
    }

    #[test]
    fn rows_cannot_be_swapped_or_their_versions_changed() {
        let sealer = sealer("ns", &[1]);
        let stored = sealed(&sealer, "g", 1);
        refused(&sealer, "h", &stored, Unreadable::OtherGrant);
        refused(&self::sealer("n", &[1]), "sg", &stored, Unreadable::OtherGrant);
        refused(&sealer, "g", &Stored { version: 2, ..stored }, Unreadable::OtherVersion);
    }

    #[test]
    fn sealed_and_plain_records_are_not_taken_for_one_another() {
        let with_key = sealer("", &[1]);
        let plain = Sealer::new(&Named(""), Some(Sealing::Plain)).unwrap();
        refused(&plain, "g", &sealed(&with_key, "g", 1), Unreadable::NoKey);
        refused(&with_key, "g", &sealed(&plain, "g", 1), Unreadable::NotSealed);
        assert_eq!(plain.open::<GrantRecord>("g", &sealed(&plain, "g", 1)).unwrap(), record());
        refused(&plain, "g", &Stored { version: 1, bytes: Vec::new() }, Unreadable::Foreign);
    }

    #[test]
    fn a_key_that_is_not_there_is_told_from_damage() {
        let (ours, theirs) = (sealer("", &[1]), sealer("", &[2]));
        let plain = Sealer::new(&Named(""), Some(Sealing::Plain)).unwrap();
        let good = sealed(&ours, "g", 1);
        let code = |sealer: &Sealer, stored: &Stored| sealer.check_key(stored).err().map(|e| e.to_string());
        assert_eq!(code(&ours, &good), None);
        assert!(code(&theirs, &good).unwrap().contains("a key that was not given"));
        assert!(code(&plain, &good).unwrap().contains("give its key"));
        let mut damaged = good;
        damaged.bytes[20] ^= 1;
        for sealer in [&ours, &theirs, &plain] {
            assert_eq!(code(sealer, &damaged), None);
            assert_eq!(code(sealer, &sealed(&plain, "g", 1)), None, "what is not sealed needs no key");
        }
    }

    #[test]
    fn a_durable_store_needs_a_key_or_a_word() {
        let field = |result: Result<Sealer>| match result {
            Err(Error::Configuration { field, .. }) => field,
            other => panic!("expected a configuration error, got {other:?}"),
        };
        assert_eq!(field(Sealer::new(&Named(""), None)), "encryptionKey");
        assert_eq!(field(Sealer::new(&Named(""), Some(Sealing::Keys(Vec::new())))), "encryptionKey");
        assert!(Sealer::new(&MemoryStore::new(), None).is_ok());
    }

    #[test]
    fn keys_are_32_bytes_in_base64_or_hex_and_stay_hidden() {
        let same = ["ff".repeat(32), "FF".repeat(32), "/".repeat(42) + "8=", "_".repeat(42) + "8"];
        for text in same {
            assert_eq!(SealingKey::new(&Secret::new(text.clone())).unwrap().id, key(0xff).id, "{text}");
        }
        for bad in ["", "canary", &"z".repeat(64), &"+f".repeat(32), &"A".repeat(42), &"A".repeat(44)] {
            let error = SealingKey::new(&Secret::new(bad)).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"));
        }
        assert_eq!(format!("{:?}", key(1)), "SealingKey([redacted])");
    }
}

//! Exported grants: encrypted text that moves a grant to another store, namespace or app. It uses the keys that encrypt
//! records.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::record::Record;
use super::seal::{KEY_ID_LEN, Sealer, undamaged};
use crate::error::{Error, Result};

/// The beginning of an export of any version.
const PREFIX: &str = "smartrecruiters-grant-";
/// The version of the layout below, which follows the prefix.
const VERSION: &str = "1.";
/// The context that exports are encrypted for, so that they cannot be used as a record or as another version. It cannot
/// equal a record's context, which begins with the length of its namespace: as a length, this text would be impossibly
/// large.
const CONTEXT: &[u8] = b"smartrecruiters exported grant 1";

impl Sealer {
    /// Encrypts `record` of the grant `id` as text. The prefix is followed, in Base64, by the key's id, the length of
    /// the grant's id (big-endian), the grant's id, a nonce, the ciphertext with its tag, and a checksum.
    pub fn export<R: Record>(&self, id: &str, record: &R) -> Result<String> {
        self.require_key("export()")?;
        let Some(key) = self.first_key() else {
            return Err(Error::Internal { problem: "a sealer with keys has no first one" });
        };
        let header = [&key.id[..], &(id.len() as u64).to_be_bytes(), id.as_bytes()].concat();
        let sealed = key.seal(&header, CONTEXT, Zeroizing::new(record.encode()?))?;
        Ok(format!("{PREFIX}{VERSION}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Reads the grant's id and record from a text that [`Sealer::export`] made with one of these keys. Fails with
    /// [`Error::Configuration`] that names `sealed`.
    pub fn import<R: Record>(&self, text: &str) -> Result<(String, R)> {
        self.require_key("import() of a sealed grant")?;
        let refused = |problem| Error::configuration("sealed", problem);
        let Some(rest) = text.trim().strip_prefix(PREFIX) else {
            return Err(refused("must be text from export()"));
        };
        let Some(rest) = rest.strip_prefix(VERSION) else {
            return Err(refused("was made by a newer version of smartrecruiters; use that version"));
        };
        let damaged = || refused("is damaged or cut off; export the grant again");
        let bytes = URL_SAFE_NO_PAD.decode(rest).map_err(|_| damaged())?;
        let bytes = undamaged(&bytes).ok_or_else(damaged)?;
        let Parts { header, key_id, id, sealed } = Parts::of(bytes).ok_or_else(damaged)?;
        let key = self.key(key_id).ok_or_else(|| {
            refused(
                "is sealed with a key that was not given; add it to `encryptionKey`, or export with another",
            )
        })?;
        let forged = || refused("was forged, or belongs to another grant; export it again");
        Ok((id.to_owned(), R::decode(&key.open(header, CONTEXT, sealed).ok_or_else(forged)?)?))
    }
}

/// The parts of an export.
struct Parts<'a> {
    header: &'a [u8],
    key_id: [u8; KEY_ID_LEN],
    id: &'a str,
    /// The nonce, followed by the ciphertext.
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (key_id, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
        let (id, sealed) = rest.split_at_checked(length)?;
        let header = &bytes[..bytes.len() - sealed.len()];
        Some(Self { header, key_id: *key_id, id: std::str::from_utf8(id).ok()?, sealed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::store::{GrantRecord, GrantState, MemoryStore, Sealing, SealingKey};
    use crate::token::RefreshToken;

    fn sealer(keys: &[&str]) -> Sealer {
        let keys = keys.iter().map(|byte| SealingKey::new(&Secret::new(byte.repeat(32))).unwrap()).collect();
        Sealer::new(&MemoryStore::new(), Some(Sealing::Keys(keys))).unwrap()
    }

    fn record() -> GrantRecord {
        GrantRecord {
            access: None,
            refresh: RefreshToken(Secret::new("canary-refresh-token")),
            refresh_issued_at: 3,
            scopes: Vec::new(),
            contested: false,
            state: GrantState::Idle { unresolved: 0 },
            ..GrantRecord::new(RefreshToken(Secret::new("")), 0)
        }
    }

    fn refused(sealer: &Sealer, text: &str, word: &str) {
        let error = sealer.import::<GrantRecord>(text).unwrap_err();
        assert!(matches!(error, Error::Configuration { .. }));
        assert!(error.to_string().contains(word), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn what_was_exported_opens_with_the_same_key_and_shows_nothing() {
        let text = sealer(&["01"]).export("é customer", &record()).unwrap();
        let (id, imported) = sealer(&["02", "01"]).import::<GrantRecord>(&format!(" {text}\n")).unwrap();
        assert_eq!((id.as_str(), imported), ("é customer", record()));
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("smartrecruiters-grant-1.").unwrap()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
        refused(&sealer(&["02"]), &text, "a key that was not given");
        refused(&Sealer::new(&MemoryStore::new(), None).unwrap(), &text, "encryptionKey: is required");
    }

    #[test]
    fn what_is_damaged_or_no_export_is_refused_by_its_own_word() {
        let sealer = sealer(&["01"]);
        let text = sealer.export("g", &record()).unwrap();
        for cut in PREFIX.len() + VERSION.len()..text.len() {
            refused(&sealer, &text[..cut], "damaged");
        }
        refused(&sealer, &text.replace("-1.", "-2."), "newer version");
        for other in ["", "canary", &text[1..]] {
            refused(&sealer, other, "must be text from export()");
        }
    }

    #[test]
    fn an_export_belongs_to_its_id_and_purpose() {
        let sealer = sealer(&["01"]);
        let key = sealer.first_key().unwrap();
        let text = || Zeroizing::new(record().encode().unwrap());
        let header = |id: &str| [&key.id[..], &(id.len() as u64).to_be_bytes(), id.as_bytes()].concat();
        let retouched = |bytes: Vec<u8>, id: &str| {
            // With a checksum that is right: another's seal, by another name.
            let unsealed = undamaged(&bytes).unwrap();
            let rest = &unsealed[header("g").len()..];
            let forged = [&header(id)[..], rest].concat();
            let checksum = ring::digest::digest(&ring::digest::SHA256, &forged);
            let bytes = [&forged[..], &checksum.as_ref()[..4]].concat();
            format!("{PREFIX}{VERSION}{}", URL_SAFE_NO_PAD.encode(bytes))
        };
        let exported = || key.seal(&header("g"), CONTEXT, text()).unwrap();
        assert!(
            sealer.import::<GrantRecord>(&retouched(exported(), "g")).is_ok(),
            "the forging itself is broken"
        );
        refused(&sealer, &retouched(exported(), "h"), "forged");
        refused(
            &sealer,
            &retouched(key.seal(&header("g"), b"another purpose", text()).unwrap(), "g"),
            "forged",
        );
    }
}

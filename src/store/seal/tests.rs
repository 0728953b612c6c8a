use super::*;
use crate::store::scripted::{Fate, ScriptedStore};
use crate::store::{GrantRecord, GrantState, MemoryStore};
use crate::token::RefreshToken;

fn durable(namespace: &'static str) -> ScriptedStore {
    ScriptedStore::new(|_| Fate::Passes).durable_in(namespace)
}

fn key(byte: u8) -> SealingKey {
    SealingKey::new(&Secret::new(format!("{byte:02x}").repeat(32))).unwrap()
}

fn sealer(namespace: &'static str, keys: &[u8]) -> Sealer {
    let keys = keys.iter().map(|byte| key(*byte)).collect();
    Sealer::new(&durable(namespace), Some(Sealing::Keys(keys))).unwrap()
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
    refused(&sealer, "g", &stored, Unreadable::OtherRecord);
}

#[test]
fn rows_cannot_be_swapped_or_their_versions_changed() {
    let sealer = sealer("ns", &[1]);
    let stored = sealed(&sealer, "g", 1);
    refused(&sealer, "h", &stored, Unreadable::OtherRecord);
    refused(&self::sealer("n", &[1]), "sg", &stored, Unreadable::OtherRecord);
    refused(&sealer, "g", &Stored { version: 2, ..stored }, Unreadable::OtherVersion);
}

#[test]
fn sealed_and_plain_records_are_not_taken_for_one_another() {
    let with_key = sealer("", &[1]);
    let plain = Sealer::new(&durable(""), Some(Sealing::Plain)).unwrap();
    refused(&plain, "g", &sealed(&with_key, "g", 1), Unreadable::NoKey);
    refused(&with_key, "g", &sealed(&plain, "g", 1), Unreadable::NotSealed);
    assert_eq!(plain.open::<GrantRecord>("g", &sealed(&plain, "g", 1)).unwrap(), record());
    refused(&plain, "g", &Stored { version: 1, bytes: Vec::new() }, Unreadable::Foreign);
}

#[test]
fn a_key_that_is_not_there_is_told_from_damage() {
    let (ours, theirs) = (sealer("", &[1]), sealer("", &[2]));
    let plain = Sealer::new(&durable(""), Some(Sealing::Plain)).unwrap();
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
    assert_eq!(field(Sealer::new(&durable(""), None)), "encryptionKey");
    assert_eq!(field(Sealer::new(&durable(""), Some(Sealing::Keys(Vec::new())))), "encryptionKey");
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

#[test]
fn sealers_with_the_same_keys_have_the_same_hash_and_others_do_not() {
    let hasher = std::hash::RandomState::new();
    let hash = |keys: &[u8]| std::hash::BuildHasher::hash_one(&hasher, sealer("", keys));
    assert_eq!(hash(&[1]), hash(&[1]));
    assert_ne!(hash(&[1]), hash(&[2]));
}

#[test]
fn a_record_is_sealed_anew_once_whatever_it_is() {
    struct Other(Vec<u8>);
    impl Record for Other {
        fn encode(&self) -> Result<Vec<u8>> {
            Ok(self.0.clone())
        }
        fn decode(bytes: &[u8]) -> Result<Self> {
            Ok(Self(bytes.to_vec()))
        }
    }
    let (old, both, new) = (sealer("", &[1]), sealer("", &[2, 1]), sealer("", &[2]));
    let before = Stored { version: 3, bytes: old.seal("x", 3, &Other(b"anything".to_vec())).unwrap() };
    let after = Stored { version: 4, bytes: both.reseal("x", &before).unwrap().unwrap() };
    assert_eq!(new.open::<Other>("x", &after).unwrap().0, b"anything");
    assert_eq!(both.reseal("x", &after).unwrap(), None, "it is under the first key");
    assert_eq!(old.reseal("x", &before).unwrap(), None);
    // It is opened first: what is forged or another's is not made good.
    assert!(
        both.reseal("y", &before).is_err() && both.reseal("x", &Stored { version: 4, ..before }).is_err()
    );
    let plain = Sealer::new(&durable(""), Some(Sealing::Plain)).unwrap();
    assert_eq!(plain.reseal("g", &sealed(&plain, "g", 1)).unwrap(), None);
    assert!(
        both.reseal("g", &sealed(&plain, "g", 1)).is_err(),
        "who can write plain records must not get them sealed"
    );
    assert!(plain.require_key("x").is_err() && both.require_key("x").is_ok());
}

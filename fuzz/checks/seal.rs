//! Sealed records and exported grants. An input is a line with the id, and then either what is found in a store or the
//! content of a record that is sealed.

use std::sync::LazyLock;

use smartrecruiters::error::Error;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{GrantRecord, MemoryStore, Sealer, Sealing, SealingKey, Stored};
use smartrecruiters::token::RefreshToken;

const VERSION: u64 = 3;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| sealer(&["01"]));
static REKEYED: LazyLock<Sealer> = LazyLock::new(|| sealer(&["02", "01"]));
static STRANGER: LazyLock<Sealer> = LazyLock::new(|| sealer(&["03"]));
static PLAIN: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::new(&MemoryStore::new(), Some(Sealing::Plain)).expect("no keys are fine"));

fn sealer(keys: &[&str]) -> Sealer {
    let key = |byte: &&str| SealingKey::new(&Secret::new(byte.repeat(32))).expect("it is a key");
    let keys = Sealing::Keys(keys.iter().map(key).collect());
    Sealer::new(&MemoryStore::new(), Some(keys)).expect("there is a key")
}

pub(crate) fn check(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let id = String::from_utf8_lossy(&input[..end]).into_owned();
    let content = input.get(end + 1..).unwrap_or_default();
    check_strangers(&id, content);
    check_round_trip(&id, content);
}

/// Nothing opens that was not sealed, and no error quotes it.
fn check_strangers(id: &str, bytes: &[u8]) {
    let stored = Stored { version: VERSION, bytes: bytes.to_vec() };
    let error = SEALER.open::<GrantRecord>(id, &stored).expect_err("only what was sealed opens");
    assert!(matches!(error, Error::Store { operation: "load", .. }), "{error:?}");
    let _ = SEALER.check_key(&stored);
    assert!(SEALER.reseal(id, &stored).is_err());
    let opened = PLAIN.open::<GrantRecord>(id, &stored);
    assert!(opened.is_err() || bytes.first() == Some(&b'{'), "a record without a key is JSON");
    let text = String::from_utf8_lossy(bytes);
    for text in [text.as_ref(), &format!("smartrecruiters-grant-1.{text}")] {
        let error = SEALER.import::<GrantRecord>(text).expect_err("only what was exported is imported");
        assert!(matches!(error, Error::Configuration { .. }), "{error:?}");
    }
}

/// What was sealed opens with its key, as this version of this record, and is refused after any change.
fn check_round_trip(id: &str, content: &[u8]) {
    let token = String::from_utf8_lossy(content);
    let record = GrantRecord::new(RefreshToken(Secret::new(token.as_ref())), 1);
    let bytes = SEALER.seal(id, VERSION, &record).expect("a record can be sealed");
    if let Some(part) = token.as_bytes().get(..8) {
        // The header is not sealed: a byte, the key's id and the version.
        assert!(!bytes[13..].windows(8).any(|other| other == part), "what is sealed is not readable");
    }
    let stored = Stored { version: VERSION, bytes };
    let open = |sealer: &Sealer, id: &str, stored: &Stored| sealer.open::<GrantRecord>(id, stored);
    assert!(open(&SEALER, id, &stored).is_ok_and(|opened| opened == record));
    // Each input decides about one change, and where.
    let place = content.iter().fold(0_usize, |sum, byte| (sum * 31 + usize::from(*byte)) % 1_000_003);
    let at = place % stored.bytes.len();
    match place % 8 {
        0 => {
            assert!(open(&STRANGER, id, &stored).is_err() && open(&PLAIN, id, &stored).is_err());
            assert!(STRANGER.check_key(&stored).is_err() && PLAIN.check_key(&stored).is_err());
        }
        1 => assert!(open(&SEALER, &format!("{id}x"), &stored).is_err(), "a record belongs to its id"),
        2 => {
            let later = Stored { version: VERSION + 1, ..stored };
            assert!(open(&SEALER, id, &later).is_err(), "a record belongs to its version");
        }
        3 => {
            let resealed =
                REKEYED.reseal(id, &stored).expect("its key is known").expect("its key is not the first");
            let resealed = Stored { version: VERSION + 1, bytes: resealed };
            assert!(open(&REKEYED, id, &resealed).is_ok_and(|opened| opened == record));
        }
        4 => {
            let exported = SEALER.export(id, &record).expect("there is a key");
            assert!(STRANGER.import::<GrantRecord>(&exported).is_err());
            let imported = REKEYED.import::<GrantRecord>(&exported);
            assert!(imported.is_ok_and(|imported| imported == (id.to_owned(), record)));
            assert!(SEALER.import::<GrantRecord>(&exported[..place % exported.len()]).is_err());
        }
        5 => {
            let cut = Stored { version: VERSION, bytes: stored.bytes[..at].to_vec() };
            assert!(open(&SEALER, id, &cut).is_err(), "what was cut off does not open");
        }
        _ => {
            let mut damaged = stored;
            damaged.bytes[at] ^= 1 << (place % 7);
            assert!(open(&SEALER, id, &damaged).is_err(), "what was changed does not open");
        }
    }
}

//! The records of a store, after they were unsealed. An input is the JSON of a record of any kind.

use std::fmt::Debug;

use smartrecruiters::store::{
    CustomerRecord, EventRecord, GrantRecord, InboxRecord, NEVER, Record, TokenRecord,
};

/// The token in the kept inputs.
const CANARY: &str = "canary-secret";
/// The beginning of every record.
const SCHEMA: &[u8] = b"{\"schema\":1,";

pub(crate) fn check(input: &[u8]) {
    let whole = [SCHEMA, input].concat();
    for bytes in [input, &whole] {
        check_record::<GrantRecord>(bytes, &["refreshToken", "token", "answer"]);
        check_record::<CustomerRecord>(bytes, &["clientSecret", "answer"]);
        check_record::<TokenRecord>(bytes, &["token"]);
        check_record::<InboxRecord>(bytes, &["secrets"]);
        check_record::<EventRecord>(bytes, &[]);
    }
}

/// A record is read as it was written, or refused without being quoted.
fn check_record<R: Record + Debug + PartialEq>(bytes: &[u8], secrets: &[&str]) {
    match R::decode(bytes) {
        Ok(record) => {
            let written = record.encode().expect("a record that was read can be written");
            assert!(R::decode(&written).is_ok_and(|again| again == record), "what is written is read");
            assert!(record.due() <= NEVER);
            if occurs_in(&written, secrets) {
                assert!(!format!("{record:?}").contains(CANARY), "a record prints its secret");
            }
        }
        Err(error) => {
            let of_nothing = R::decode(b"").err().map(|error| error.to_string());
            assert_eq!(Some(error.to_string()), of_nothing, "an error quotes nothing");
            assert!(!format!("{error:?}").contains(CANARY));
        }
    }
}

/// Whether the canary is nowhere but in secret members.
fn occurs_in(written: &[u8], secrets: &[&str]) -> bool {
    let text = String::from_utf8_lossy(written);
    let all = text.matches(CANARY).count();
    let quoted = |name: &&str| {
        text.matches(&format!("\"{name}\":\"{CANARY}\"")).count()
            + text.matches(&format!("\"{name}\":[\"{CANARY}\"]")).count()
    };
    all > 0 && secrets.iter().map(quoted).sum::<usize>() == all
}

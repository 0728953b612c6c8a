use super::*;
use crate::store::{CustomerRecord, CustomerState};

fn record(disconnects: u32, state: CustomerState) -> CustomerRecord {
    CustomerRecord { disconnects, unread: Vec::new(), state }
}

fn connecting(owner: &str) -> CustomerRecord {
    record(1, CustomerState::Connecting { owner: owner.into(), until: 9, unresolved: 0 })
}

fn disconnected(disconnects: u32) -> CustomerRecord {
    record(disconnects, CustomerState::Disconnected { unresolved: 0 })
}

fn answer() -> UnreadAnswer {
    UnreadAnswer { bytes: b"HTTP/1.1 200 OK".to_vec().into(), asked_at: 3 }
}

#[test]
fn an_answer_that_cannot_be_read_is_kept_once_and_where_it_still_counts() {
    let journal = connecting("me");
    let unread = || Outcome::Unread(answer(), Error::Closed);
    let after = |current: &CustomerRecord| next(&unread(), &journal, current, 11);
    assert_eq!(after(&journal), Next::Write(disconnected(1).keeping(answer())));
    let taken_over = connecting("other");
    assert_eq!(after(&taken_over), Next::Write(taken_over.clone().keeping(answer())));
    for kept in [journal.clone().keeping(answer()), taken_over.keeping(answer())] {
        assert_eq!(after(&kept), Next::Done);
    }
    assert_eq!(after(&disconnected(2)), Next::Superseded, "the customer was disconnected meanwhile");
}

#[test]
fn a_failure_is_written_over_its_own_journal_only() {
    let journal = connecting("me");
    let after = |current: &CustomerRecord| next(&Outcome::Failed(Error::Closed), &journal, current, 11);
    assert_eq!(after(&journal), Next::Write(disconnected(1)));
    assert_eq!(after(&connecting("other")), Next::Superseded);
}

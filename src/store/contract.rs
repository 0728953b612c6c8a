//! The one suite that every store passes: in here for the memory store, in `tests/it/stores/` for the others.

use std::sync::Arc;
use std::time::Duration;

use super::{Due, NEVER, Removal, Store, Stored, Swap};

const WRITERS: usize = 8;
const SWAPS_EACH: u64 = 1_000;

/// Checks an empty store. `open` gives another instance of it, as another process would have, or the same.
pub(super) async fn check(open: impl Fn() -> Arc<dyn Store>) {
    many_may_be_the_first(&open).await;
    let store = open();
    a_record_is_made_once(&*store).await;
    a_swap_needs_the_present_version(&*store).await;
    a_record_is_there_for_all(&*open()).await;
    any_bytes_are_kept(&*store).await;
    any_text_is_an_id(&*store).await;
    due_records_come_most_urgent_first(&*store).await;
    a_cursor_goes_through_all_records_in_order(&*store).await;
    a_removal_needs_the_present_version(&*store).await;
    one_of_many_swaps_and_removals_wins(&open).await;
    a_caller_may_give_up(&store).await;
    no_update_is_lost_among_writers(&open).await;
}

async fn many_may_be_the_first(open: &impl Fn() -> Arc<dyn Store>) {
    let first: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = open();
            tokio::spawn(async move { store.load("nobody").await })
        })
        .collect();
    for load in first {
        assert_eq!(load.await.unwrap().unwrap(), None);
    }
}

async fn a_record_is_made_once(store: &dyn Store) {
    assert_eq!(store.load("a").await.unwrap(), None);
    assert_eq!(store.swap("a", 1, b"x".to_vec(), NEVER).await.unwrap(), Swap::Lost, "no record to replace");
    assert_eq!(store.swap("a", 0, b"one".to_vec(), NEVER).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("a", 0, b"two".to_vec(), NEVER).await.unwrap(), Swap::Lost, "it is there already");
    assert_eq!(store.load("a").await.unwrap(), Some(Stored { version: 1, bytes: b"one".to_vec() }));
}

async fn a_swap_needs_the_present_version(store: &dyn Store) {
    assert_eq!(store.swap("a", 1, b"two".to_vec(), NEVER).await.unwrap(), Swap::Won);
    for stale in [0, 1, 3, u64::MAX] {
        assert_eq!(store.swap("a", stale, b"bad".to_vec(), NEVER).await.unwrap(), Swap::Lost, "{stale}");
    }
    assert_eq!(store.load("a").await.unwrap(), Some(Stored { version: 2, bytes: b"two".to_vec() }));
    assert_eq!(store.load("b").await.unwrap(), None, "ids do not touch one another");
}

async fn a_record_is_there_for_all(another: &dyn Store) {
    assert_eq!(another.load("a").await.unwrap(), Some(Stored { version: 2, bytes: b"two".to_vec() }));
}

async fn any_bytes_are_kept(store: &dyn Store) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for (version, bytes) in [Vec::new(), every_byte.clone(), every_byte.repeat(256)].into_iter().enumerate() {
        let version = version as u64;
        assert_eq!(store.swap("bytes", version, bytes.clone(), NEVER).await.unwrap(), Swap::Won);
        assert_eq!(store.load("bytes").await.unwrap(), Some(Stored { version: version + 1, bytes }));
    }
}

async fn any_text_is_an_id(store: &dyn Store) {
    let long = "x".repeat(1_000);
    // The last two look the same.
    let ids = [
        "",
        " ",
        "A",
        "a b",
        "a\0b",
        "a\n",
        "'; --",
        "%",
        "*",
        "{a}",
        "a:b",
        "\u{1F511}",
        &long,
        "é",
        "e\u{301}",
    ];
    for id in ids {
        let bytes = id.as_bytes().to_vec();
        assert_eq!(store.swap(id, 0, bytes, 5).await.unwrap(), Swap::Won, "{id:?}");
    }
    for id in ids {
        let bytes = id.as_bytes().to_vec();
        assert_eq!(store.load(id).await.unwrap(), Some(Stored { version: 1, bytes }), "{id:?}");
    }
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    assert_eq!(ids_of(&store.due(6, 100, None).await.unwrap()), sorted);
    for id in ids {
        assert_eq!(store.swap(id, 1, Vec::new(), NEVER).await.unwrap(), Swap::Won, "{id:?}");
    }
}

async fn due_records_come_most_urgent_first(store: &dyn Store) {
    let now = 1_800_000_000_000;
    for (id, due) in [("d30", now + 30), ("d10", now + 10), ("d20", now + 20), ("never", NEVER)] {
        assert_eq!(store.swap(id, 0, Vec::new(), due).await.unwrap(), Swap::Won);
    }
    let first = store.due(now + 30, 10, None).await.unwrap();
    assert_eq!(first, [place(now + 10, "d10"), place(now + 20, "d20")]);
    assert_eq!(store.due(now + 31, 2, None).await.unwrap(), first);
    assert_eq!(ids_of(&store.due(NEVER, 10, None).await.unwrap()), ["d10", "d20", "d30"]);
    assert!(store.due(now + 31, 0, None).await.unwrap().is_empty());
    assert!(store.due(0, 10, None).await.unwrap().is_empty());
    assert_eq!(store.swap("d10", 1, Vec::new(), NEVER).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("d30", 1, Vec::new(), now).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("d20", 0, Vec::new(), 0).await.unwrap(), Swap::Lost);
    assert_eq!(
        ids_of(&store.due(now + 31, 10, None).await.unwrap()),
        ["d30", "d20"],
        "a swap replaces the due time, if it wins"
    );
}

/// Of these many are due at once, and they are listed with all that the tests before have left.
async fn a_cursor_goes_through_all_records_in_order(store: &dyn Store) {
    let due = 1_900_000_000_000;
    let mut same: Vec<_> = (0..25).map(|number| format!("same-{number}")).collect();
    for id in &same {
        assert_eq!(store.swap(id, 0, Vec::new(), due).await.unwrap(), Swap::Won);
    }
    same.sort_unstable();
    let all = store.due(u64::MAX, 1_000, None).await.unwrap();
    assert!(all.is_sorted());
    let listed = |id: &str| all.iter().filter(|place| place.id == id).count();
    assert!(["a", "never", "same-7"].iter().all(|id| listed(id) == 1), "{all:?}");
    for limit in [1, 10, 1_000] {
        assert_eq!(pages(store, NEVER + 1, limit).await, all, "pages of {limit}");
        let before_never: Vec<_> = all.iter().filter(|place| place.due < NEVER).cloned().collect();
        assert_eq!(pages(store, NEVER, limit).await, before_never, "pages of {limit}");
    }

    // A cursor is a place, whether or not anything is there; also one that nothing ever was at.
    assert_eq!(store.swap(&same[9], 1, Vec::new(), due + 1).await.unwrap(), Swap::Won);
    let rest = store.due(due + 1, 1_000, Some(&place(due, &same[9]))).await.unwrap();
    assert_eq!(ids_of(&rest), same[10..]);
    assert_eq!(ids_of(&store.due(due + 1, 1_000, Some(&place(due, "same-8a"))).await.unwrap()), ["same-9"]);
    assert_eq!(ids_of(&store.due(NEVER, 1_000, Some(&place(due, "z"))).await.unwrap()), [same[9].as_str()]);
    assert!(store.due(due, 1_000, Some(&place(due, ""))).await.unwrap().is_empty());
    assert!(store.due(u64::MAX, 1_000, Some(&place(u64::MAX, ""))).await.unwrap().is_empty());
}

async fn pages(store: &dyn Store, before: u64, limit: usize) -> Vec<Due> {
    let mut all: Vec<Due> = Vec::new();
    loop {
        let page = store.due(before, limit, all.last()).await.unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn place(due: u64, id: &str) -> Due {
    Due { due, id: id.to_owned() }
}

fn ids_of(places: &[Due]) -> Vec<&str> {
    places.iter().map(|place| place.id.as_str()).collect()
}

async fn a_removal_needs_the_present_version(store: &dyn Store) {
    let now = 2_000_000_000_000;
    assert_eq!(store.remove("removed", 0).await.unwrap(), Removal::Lost, "there is nothing to remove");
    assert_eq!(store.remove("removed", 1).await.unwrap(), Removal::Lost, "there is nothing to remove");
    assert_eq!(store.swap("removed", 0, b"one".to_vec(), now).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("removed", 1, b"two".to_vec(), now).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("stays", 0, b"one".to_vec(), now).await.unwrap(), Swap::Won);
    for stale in [0, 1, 3, u64::MAX] {
        assert_eq!(store.remove("removed", stale).await.unwrap(), Removal::Lost, "{stale}");
    }
    assert_eq!(store.load("removed").await.unwrap(), Some(Stored { version: 2, bytes: b"two".to_vec() }));
    let before = place(now, "");
    assert_eq!(ids_of(&store.due(now + 1, 10, Some(&before)).await.unwrap()), ["removed", "stays"]);

    assert_eq!(store.remove("removed", 2).await.unwrap(), Removal::Removed);
    assert_eq!(store.load("removed").await.unwrap(), None);
    assert_eq!(ids_of(&store.due(now + 1, 10, Some(&before)).await.unwrap()), ["stays"], "it is due no more");
    let stayed = store.load("stays").await.unwrap();
    assert_eq!(stayed, Some(Stored { version: 1, bytes: b"one".to_vec() }), "ids do not touch one another");
    assert_eq!(store.remove("removed", 2).await.unwrap(), Removal::Lost, "it is removed once");
    assert_eq!(store.swap("removed", 2, b"bad".to_vec(), now).await.unwrap(), Swap::Lost);

    assert_eq!(
        store.swap("removed", 0, b"new".to_vec(), NEVER).await.unwrap(),
        Swap::Won,
        "an id is free again"
    );
    assert_eq!(store.load("removed").await.unwrap(), Some(Stored { version: 1, bytes: b"new".to_vec() }));
    assert_eq!(ids_of(&store.due(now + 1, 10, Some(&before)).await.unwrap()), ["stays"]);
    assert_eq!(store.remove("removed", 1).await.unwrap(), Removal::Removed);
    assert_eq!(store.remove("stays", 1).await.unwrap(), Removal::Removed);
}

/// Half of the writers swap the same version that the others remove.
async fn one_of_many_swaps_and_removals_wins(open: &impl Fn() -> Arc<dyn Store>) {
    let stores: Vec<_> = (0..WRITERS).map(|_| open()).collect();
    for round in 0..50 {
        assert_eq!(stores[0].swap("contested", 0, b"first".to_vec(), NEVER).await.unwrap(), Swap::Won);
        let writers: Vec<_> = stores
            .iter()
            .cloned()
            .enumerate()
            .map(|(number, store)| {
                tokio::spawn(async move {
                    if number % 2 == 0 {
                        let removal = store.remove("contested", 1).await.unwrap();
                        (removal == Removal::Removed).then_some(None)
                    } else {
                        let bytes = vec![u8::try_from(number).unwrap()];
                        let swap = store.swap("contested", 1, bytes.clone(), NEVER).await.unwrap();
                        (swap == Swap::Won).then_some(Some(Stored { version: 2, bytes }))
                    }
                })
            })
            .collect();
        let mut won = Vec::new();
        for writer in writers {
            won.extend(writer.await.unwrap());
        }
        let outcome = stores[0].load("contested").await.unwrap();
        assert_eq!(
            won,
            std::slice::from_ref(&outcome),
            "round {round}: one writer wins, and its outcome is there"
        );
        if outcome.is_some() {
            assert_eq!(stores[0].remove("contested", 2).await.unwrap(), Removal::Removed);
        }
    }
}

/// An abandoned call may still be carried out; it must not answer the next one.
async fn a_caller_may_give_up(store: &Arc<dyn Store>) {
    for round in 0..200 {
        let (version, count) = counter(store.load("abandoned").await.unwrap());
        assert_eq!(version, count);
        let writer = Arc::clone(store);
        let swap = tokio::spawn(async move {
            writer.swap("abandoned", version, (version + 1).to_be_bytes().to_vec(), NEVER).await
        });
        for _ in 0..round % 10 {
            tokio::task::yield_now().await;
        }
        if round % 20 >= 10 {
            tokio::time::sleep(Duration::from_millis(round % 3)).await;
        }
        swap.abort();
        a_record_is_there_for_all(&**store).await;
    }
}

async fn no_update_is_lost_among_writers(open: &impl Fn() -> Arc<dyn Store>) {
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = open();
            tokio::spawn(async move { count_up(&*store, SWAPS_EACH).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count(&*open()).await, WRITERS as u64 * SWAPS_EACH);
}

/// Adds `times` to the counter, as one writer among many.
pub(super) async fn count_up(store: &dyn Store, times: u64) {
    let mut won = 0;
    while won < times {
        let (version, count) = counter(store.load("counter").await.unwrap());
        tokio::task::yield_now().await;
        let next = (count + 1).to_be_bytes().to_vec();
        if store.swap("counter", version, next, NEVER).await.unwrap() == Swap::Won {
            won += 1;
        }
    }
}

/// The counter, whose version has to say the same.
pub(super) async fn count(store: &dyn Store) -> u64 {
    let (version, count) = counter(store.load("counter").await.unwrap());
    assert_eq!(version, count);
    count
}

/// Version and content of the counter.
pub(super) fn counter(stored: Option<Stored>) -> (u64, u64) {
    stored.map_or((0, 0), |stored| (stored.version, u64::from_be_bytes(stored.bytes.try_into().unwrap())))
}

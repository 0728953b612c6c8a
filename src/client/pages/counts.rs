//! [`Counter`]: what is counted on the way through a list, and what shows that the list changed meanwhile.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use serde::{Deserialize, Serialize};

use super::page::{Page, id};

/// How many ids are remembered, to notice what comes twice: about 3 MB at most.
const REMEMBERED: usize = 100_000;

/// What was counted so far, over all passes that a cursor joins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Items handed over.
    pub(super) done: u64,
    /// Items whose id came before.
    pub(super) duplicates: u64,
    /// Items that may never have come.
    pub(super) missing: u64,
    /// Items from the first page to the last, if the API says how many.
    pub(super) total: Option<u64>,
}

/// Counts items, and remembers the ids of the last.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) counts: Counts,
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Counter {
    /// Counts on from `counts`.
    pub(super) fn from(counts: Counts) -> Self {
        Self { counts, hasher: RandomState::new(), known: HashSet::new(), order: VecDeque::new() }
    }

    /// A page came, whose first `skip` items were counted before. `first`: how many items are before the first page.
    ///
    /// What leaves a list that is read by offset moves all behind it forward, past the next page's beginning: as many
    /// items may never come. What joins it moves them back, and they come twice.
    pub(super) fn add(&mut self, page: &Page<'_>, skip: usize, by_offset: bool, first: u64) {
        if let Some(total) = page.total.map(|total| total.saturating_sub(first)) {
            if by_offset && let Some(before) = self.counts.total {
                self.miss(before.saturating_sub(total));
            }
            self.counts.total = Some(total);
        }
        for (index, item) in page.items.iter().enumerate() {
            if let Some(id) = id(item)
                && !self.remember(id)
                && index >= skip
            {
                self.counts.duplicates = self.counts.duplicates.saturating_add(1);
            }
        }
    }

    /// The last page came: what the API counts above what came is missing.
    pub(super) fn end(&mut self) {
        let Counts { done, duplicates, total, .. } = self.counts;
        self.miss(total.unwrap_or_default().saturating_sub(done.saturating_sub(duplicates)));
    }

    fn miss(&mut self, items: u64) {
        self.counts.missing = self.counts.missing.saturating_add(items);
    }

    /// False if it is known.
    fn remember(&mut self, id: &str) -> bool {
        // Eight bytes in place of an id: one in 10^9 lists of 100,000 items has two that look the same.
        let hash = self.hasher.hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

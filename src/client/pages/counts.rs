//! [`Counter`]: counts the items of a list, and notices signs that the list changed while it was read.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::page::Page;

/// How many ids are remembered to notice duplicates. They take at most about 3 MB.
const REMEMBERED: usize = 100_000;

/// What was counted so far, over all passes that cursors connect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Items that were returned.
    pub(super) done: u64,
    /// Returned items whose id had appeared before.
    pub(super) duplicates: u64,
    /// Items that may have been missed because the list changed.
    pub(super) missing: u64,
    /// The number of items in all pages, if the API reports it.
    pub(super) total: Option<u64>,
}

/// Counts items, and remembers the most recent ids.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) counts: Counts,
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Counter {
    /// A counter that continues from `counts`.
    pub(super) fn from(counts: Counts) -> Self {
        Self { counts, known: HashSet::new(), order: VecDeque::new() }
    }

    /// Counts a page, whose first `skip` items were counted before. `first` is the number of items before the first
    /// page.
    ///
    /// In a list read by offset or page number, a removed item moves all later ones forward, past the beginning of the next page, so
    /// that as many items may be missed. An added item moves them back, and they appear twice.
    pub(super) fn add(&mut self, page: &Page, skip: usize, by_position: bool, first: u64) {
        if let Some(total) = page.total.map(|total| total.saturating_sub(first)) {
            if by_position && let Some(before) = self.counts.total {
                self.miss(before.saturating_sub(total));
            }
            self.counts.total = Some(total);
        }
        for (index, id) in page.ids.iter().enumerate() {
            if let Some(id) = id
                && !self.remember(*id)
                && index >= skip
            {
                self.counts.duplicates = self.counts.duplicates.saturating_add(1);
            }
        }
    }

    /// Ends the count: items that the API counts beyond those returned are missing.
    pub(super) fn end(&mut self) {
        let Counts { done, duplicates, total, .. } = self.counts;
        self.miss(total.unwrap_or_default().saturating_sub(done.saturating_sub(duplicates)));
    }

    fn miss(&mut self, items: u64) {
        self.counts.missing = self.counts.missing.saturating_add(items);
    }

    /// Remembers the hash of an id. Returns false if it was known.
    fn remember(&mut self, hash: u64) -> bool {
        // Hashes of eight bytes take less room than ids, and only one in about 10^9 lists of 100,000 items has a
        // collision.
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

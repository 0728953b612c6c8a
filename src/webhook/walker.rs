//! [`Walker`]: finds the events that are to be handled, and removes the records whose time is over.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::records::{Claim, LEASE, Records};
use crate::clock::Moment;
use crate::error::Result;
use crate::once::Lease;
use crate::random;
use crate::store::{Due, EventBand, EventRecord, EventState, Version};

/// Records that are listed at a time.
const PAGE: usize = 100;
/// How often the store is asked for what other processes have accepted, and for events that failed before.
const POLL: Duration = Duration::from_secs(1);
/// By what share the time between two walks varies.
const SPREAD: f64 = 0.2;
/// The longest pause after the store failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often records whose time is over are removed, unless there are more than one page of them.
const REMOVE_EVERY: Duration = Duration::from_secs(60);

/// Where a process is in its walks through the events of an inbox.
#[derive(Debug, Default)]
pub(super) struct Walker {
    /// The ids of events that were due, the next one last.
    due: Vec<String>,
    /// Where the walk goes on, if more was due than one page.
    after: Option<Due>,
    /// When the last walk ended, and how long after that the next one begins.
    walked: Option<(Moment, Duration)>,
    /// The leases of other processes that seem to have ended.
    watched: Recent<Lease>,
    /// Records that cannot be read, which were reported.
    unreadable: Recent<()>,
    removed: Option<Moment>,
    removal_is_unsupported: bool,
}

/// How many of its own arrivals a process remembers.
const MOST_FRESH: usize = 1_000;
/// The longest body that is remembered so.
const LONGEST_FRESH: usize = 16 * 1024;

/// Events that this process has just stored, as version 1 of their records. It need not look for them in the store.
#[derive(Debug, Default)]
pub(super) struct Fresh(Mutex<VecDeque<EventRecord>>);

impl Fresh {
    /// Remembers an event, unless there are too many. A walk finds it then.
    pub(super) fn add(&self, record: EventRecord) {
        let is_short =
            matches!(&record.state, EventState::Waiting { event, .. } if event.body.len() <= LONGEST_FRESH);
        let mut all = self.all();
        if is_short && all.len() < MOST_FRESH {
            all.push_back(record);
        }
    }

    pub(super) fn all(&self) -> MutexGuard<'_, VecDeque<EventRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of records that were seen in this walk or in the one before.
#[derive(Debug)]
struct Recent<T> {
    seen: HashMap<String, T>,
    before: HashMap<String, T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { seen: HashMap::new(), before: HashMap::new() }
    }
}

impl<T> Recent<T> {
    fn take(&mut self, event: &str) -> Option<T> {
        self.seen.remove(event).or_else(|| self.before.remove(event))
    }

    fn keep(&mut self, event: &str, known: T) {
        self.seen.insert(event.to_owned(), known);
    }

    /// Begins a walk: forgets what was not seen in the last one.
    fn begin(&mut self) {
        self.before = std::mem::take(&mut self.seen);
    }
}

impl Walker {
    /// Takes the next event that is to be handled. `None` if there is none now.
    pub(super) async fn claim(&mut self, records: &Records, fresh: &Fresh) -> Result<Option<Claim>> {
        loop {
            while let Some(event) = self.due.pop() {
                if let Some(claim) = self.take(records, &event).await? {
                    return Ok(Some(claim));
                }
            }
            if self.after.is_none() && self.wait(records.clock.now()) > Duration::ZERO {
                break;
            }
            // The walk finds what was stored before it.
            fresh.all().clear();
            self.walk(records).await?;
        }
        loop {
            let Some(record) = fresh.all().pop_front() else { return Ok(None) };
            // Another process may have taken it since.
            if let Some(claim) = records.claim(1, record).await? {
                return Ok(Some(claim));
            }
        }
    }

    /// How long to wait until the next walk.
    pub(super) fn wait(&self, now: Moment) -> Duration {
        self.walked.map_or(Duration::ZERO, |(at, wait)| wait.saturating_sub(now.since(at)))
    }

    /// Lets the next walk wait, since the store failed. The pauses grow.
    pub(super) fn pause(&mut self, now: Moment) {
        let last = self.walked.map_or(POLL, |(_, wait)| wait);
        self.after = None;
        self.walked = Some((now, (last * 2).clamp(POLL, LONGEST_PAUSE)));
    }

    async fn take(&mut self, records: &Records, event: &str) -> Result<Option<Claim>> {
        let id = records.id(event);
        let Some(stored) = records.store.load_bytes(&id).await? else { return Ok(None) };
        let record: EventRecord = match records.store.sealer().open(&id, &stored) {
            Ok(record) => record,
            Err(error) => {
                let is_known = self.unreadable.take(event).is_some();
                self.unreadable.keep(event, ());
                return if is_known { Ok(None) } else { Err(error.about_record(&id)) };
            }
        };
        let now = records.clock.now();
        let is_free = match record.state {
            EventState::Waiting { next, .. } => next <= now.unix_millis(),
            EventState::Handling { until, .. } => self.is_over(event, stored.version, until, now),
            EventState::Handled | EventState::Dead { .. } => false,
        };
        if is_free { records.claim(stored.version, record).await } else { Ok(None) }
    }

    /// Whether the lease of another process is over.
    fn is_over(&mut self, event: &str, version: Version, until: u64, now: Moment) -> bool {
        if until > now.unix_millis() {
            return false;
        }
        let lease = Lease::look(version, until, now, self.watched.take(event));
        self.watched.keep(event, lease);
        lease.is_over_after(LEASE)
    }

    /// Lists what is due: the next page, or from the beginning.
    async fn walk(&mut self, records: &Records) -> Result<()> {
        let now = records.clock.now();
        self.remove_expired(records, now).await?;
        if self.after.is_none() {
            self.watched.begin();
            self.unreadable.begin();
        }
        let (before, first) =
            (EventBand::Ready.at(now.unix_millis()).saturating_add(1), EventBand::Ready.first());
        let page =
            records.store.store().due(before, PAGE, Some(self.after.as_ref().unwrap_or(&first))).await?;
        let is_last = page.len() < PAGE;
        if is_last {
            self.walked = Some((now, POLL.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * random::fraction())));
        }
        self.after = page.last().filter(|_| !is_last).cloned();
        let prefix = records.id("").len();
        let ours = page.into_iter().filter(|place| records.is_ours(&place.id));
        self.due = ours.map(|place| place.id[prefix..].to_owned()).collect();
        // Other processes go through the same page. In random order they seldom collide.
        self.due.sort_by_cached_key(|_| random::fraction().to_bits());
        Ok(())
    }

    /// Removes a page of the records whose time is over.
    async fn remove_expired(&mut self, records: &Records, now: Moment) -> Result<()> {
        let is_early = self.removed.is_some_and(|at| now.since(at) < REMOVE_EVERY);
        if self.removal_is_unsupported || is_early {
            return Ok(());
        }
        let mut more = false;
        for band in [EventBand::Handled, EventBand::Dead] {
            let before = band.at(now.unix_millis());
            let page = records.store.store().due(before, PAGE, Some(&band.first())).await?;
            more |= page.len() == PAGE;
            for place in page {
                if !records.remove_expired(&place.id, before).await? {
                    self.removal_is_unsupported = true;
                    return Ok(());
                }
            }
        }
        self.removed = Some(now).filter(|_| !more);
        Ok(())
    }
}

//! [`PermitLedger`]: the shared permits that a process holds for one endpoint, and what it has to report about them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::protocol::{PermitReport, RENEWAL};

/// The shared permits of one endpoint.
#[derive(Debug, Default)]
pub(crate) struct PermitLedger {
    /// Permits that were granted and are not used yet.
    unused: VecDeque<u64>,
    /// Permits of requests that are not finished, and whether those were answered.
    used: BTreeMap<u64, bool>,
    /// What the shared window does not know yet, oldest first.
    events: Vec<(u64, PermitEvent)>,
    /// When the held permits were last reported.
    renewed: Duration,
}

/// What became of a permit, in times of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PermitEvent {
    /// The server received the request.
    Received {
        /// The latest time at which that can have happened.
        latest: Duration,
        /// How long the server counts the request.
        second: Duration,
    },
    /// The server has finished the request.
    Finished,
    /// The process gave the request up, and the server may work on it until this time.
    GivenUp(Duration),
    /// The request was never sent.
    Unused,
    /// The request was answered with 429, and no process may send before this time.
    Refused(Duration),
}

impl PermitLedger {
    /// Whether a permit can be used.
    pub(crate) fn has_permit(&self) -> bool {
        !self.unused.is_empty()
    }

    /// Uses a permit for a request, and returns its number.
    pub(crate) fn take(&mut self) -> Option<u64> {
        let number = self.unused.pop_front()?;
        self.used.insert(number, false);
        Some(number)
    }

    /// Records what became of a permit, for the next report.
    pub(crate) fn record(&mut self, number: u64, event: PermitEvent) {
        match event {
            PermitEvent::Received { .. } => {
                if let Some(is_answered) = self.used.get_mut(&number) {
                    *is_answered = true;
                }
            }
            PermitEvent::Refused(_) => {}
            PermitEvent::Finished | PermitEvent::GivenUp(_) | PermitEvent::Unused => {
                self.used.remove(&number);
            }
        }
        self.events.push((number, event));
    }

    /// How many more permits `waiting` calls need. Gives back those that no call needs any more.
    pub(crate) fn wanted(&mut self, waiting: usize) -> usize {
        self.keep(waiting);
        waiting - self.unused.len()
    }

    /// Gives back all unused permits but the `most` oldest.
    pub(crate) fn keep(&mut self, most: usize) {
        while self.unused.len() > most {
            if let Some(number) = self.unused.pop_back() {
                self.events.push((number, PermitEvent::Unused));
            }
        }
    }

    /// Whether `waiting` calls need more permits than there are.
    pub(crate) fn is_short(&self, waiting: usize) -> bool {
        waiting > self.unused.len()
    }

    /// Whether no permit is held and nothing has to be reported.
    pub(crate) fn is_idle(&self) -> bool {
        self.events.is_empty() && self.unused.is_empty() && self.used.is_empty()
    }

    /// All that the shared window should know, oldest first, and how many events are among it. Permits that are held are
    /// reported again every [`RENEWAL`].
    pub(crate) fn reports(&mut self, now: Duration) -> (Vec<(u64, PermitReport)>, usize) {
        let mut reports = Vec::new();
        if now.saturating_sub(self.renewed) >= RENEWAL {
            self.renewed = now;
            let held =
                |is_answered: bool| if is_answered { PermitReport::Open } else { PermitReport::Pending };
            let used = self.used.iter().map(|(number, is_answered)| (*number, held(*is_answered)));
            reports.extend(self.unused.iter().map(|number| (*number, PermitReport::Pending)).chain(used));
        }
        let of = |event: PermitEvent| match event {
            PermitEvent::Received { latest, second } => {
                PermitReport::Received { ago: now.saturating_sub(latest), second }
            }
            PermitEvent::Finished => PermitReport::Finished,
            PermitEvent::GivenUp(until) => PermitReport::GivenUp(until.saturating_sub(now)),
            PermitEvent::Unused => PermitReport::Unused,
            PermitEvent::Refused(until) => PermitReport::Refused(until.saturating_sub(now)),
        };
        reports.extend(self.events.iter().map(|(number, event)| (*number, of(*event))));
        (reports, self.events.len())
    }

    /// Forgets the oldest `events`, which the shared window knows now.
    pub(crate) fn delivered(&mut self, events: usize) {
        self.events.drain(..events.min(self.events.len()));
    }

    /// Adds `count` permits that were granted, numbered from `first` on.
    pub(crate) fn granted(&mut self, first: u64, count: usize) {
        self.unused.extend((first..).take(count));
    }

    /// Gives back `count` permits from `first` on that may have been granted: the request for them failed.
    pub(crate) fn disclaim(&mut self, first: u64, count: usize) {
        self.events.extend((first..).take(count).map(|number| (number, PermitEvent::Unused)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_became_of_a_permit_is_reported_once() {
        let mut ledger = PermitLedger::default();
        assert_eq!(ledger.wanted(2), 2);
        ledger.granted(7, 2);
        assert_eq!(
            (ledger.wanted(2), ledger.take(), ledger.take(), ledger.take()),
            (0, Some(7), Some(8), None)
        );
        ledger.record(7, PermitEvent::Received { latest: ms(30), second: ms(1000) });
        ledger.record(7, PermitEvent::Finished);
        let (reports, events) = ledger.reports(ms(50));
        assert_eq!(
            reports,
            [(7, PermitReport::Received { ago: ms(20), second: ms(1000) }), (7, PermitReport::Finished)]
        );
        ledger.record(8, PermitEvent::Unused);
        ledger.delivered(events);
        assert_eq!(ledger.reports(ms(60)).0, [(8, PermitReport::Unused)]);
        ledger.delivered(1);
        assert!(ledger.is_idle());
    }

    #[test]
    fn held_permits_are_reported_before_events() {
        let mut ledger = PermitLedger::default();
        ledger.granted(1, 3);
        ledger.take();
        ledger.take();
        ledger.record(1, PermitEvent::Received { latest: ms(0), second: ms(1000) });
        let (reports, events) = ledger.reports(ms(3000));
        assert_eq!(events, 1);
        let renewed = [(3, PermitReport::Pending), (1, PermitReport::Open), (2, PermitReport::Pending)];
        assert_eq!(reports[..3], renewed);
        assert_eq!(ledger.reports(ms(3001)).0.len(), 1, "not again so soon");
    }

    #[test]
    fn permits_that_no_call_needs_are_given_back() {
        let mut ledger = PermitLedger::default();
        ledger.granted(1, 3);
        assert_eq!(ledger.wanted(1), 0);
        assert_eq!(ledger.reports(ms(0)).0, [(3, PermitReport::Unused), (2, PermitReport::Unused)]);
        ledger.disclaim(4, 2);
        assert_eq!(ledger.reports(ms(0)).1, 4);
        ledger.keep(0);
        assert_eq!((ledger.take(), ledger.reports(ms(0)).1), (None, 5), "no permit is used after an outage");
    }
}

//! [`Remote`]: what one endpoint of a process holds of the permits that processes share. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::shared::{RENEWAL, Report};

/// The permits of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Remote {
    /// Got, and not used yet.
    unused: VecDeque<u64>,
    /// Used by requests in flight; and whether these are answered.
    used: BTreeMap<u64, bool>,
    /// What the others do not know yet.
    news: Vec<(u64, News)>,
    renewed: Duration,
    /// Whether somebody is there who asks for permits and tells the news.
    pub(super) has_agent: bool,
    /// Tells that one.
    pub(super) changed: Arc<Notify>,
}

/// What became of a permit, with times of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The server received its request at the latest then; and what its second is taken for.
    Received(Duration, Duration),
    /// The server has done with it.
    Ended,
    /// The server may work on it until then.
    Lingers(Duration),
    /// Its request never left.
    Unused,
    /// Its request was answered with 429: nobody sends before then.
    Refused(Duration),
}

impl Remote {
    /// Whether there is a permit to use.
    pub(super) fn has_permit(&self) -> bool {
        !self.unused.is_empty()
    }

    /// Uses a permit.
    pub(super) fn take(&mut self) -> Option<u64> {
        let number = self.unused.pop_front()?;
        self.used.insert(number, false);
        Some(number)
    }

    /// Something became of a permit.
    pub(super) fn tell(&mut self, number: u64, news: News) {
        match news {
            News::Received(..) => {
                if let Some(answered) = self.used.get_mut(&number) {
                    *answered = true;
                }
            }
            News::Refused(_) => {}
            News::Ended | News::Lingers(_) | News::Unused => {
                self.used.remove(&number);
            }
        }
        self.news.push((number, news));
        self.changed.notify_one();
    }

    /// How many more are wanted by so many that wait. Those that nobody wants any more are given back.
    pub(super) fn wanted(&mut self, waiting: usize) -> usize {
        self.keep(waiting);
        waiting - self.unused.len()
    }

    /// Gives back all unused ones but so many.
    pub(super) fn keep(&mut self, most: usize) {
        while self.unused.len() > most {
            if let Some(number) = self.unused.pop_back() {
                self.news.push((number, News::Unused));
            }
        }
    }

    /// Whether there is none for some of so many that wait.
    pub(super) fn is_short(&self, waiting: usize) -> bool {
        waiting > self.unused.len()
    }

    /// Whether there is nothing to say, and nothing held.
    pub(super) fn is_idle(&self) -> bool {
        self.news.is_empty() && self.unused.is_empty() && self.used.is_empty()
    }

    /// All that the others should know, the oldest first; and how much of that is news.
    pub(super) fn reports(&mut self, now: Duration) -> (Vec<(u64, Report)>, usize) {
        let mut reports = Vec::new();
        if now.saturating_sub(self.renewed) >= RENEWAL {
            self.renewed = now;
            let used = self
                .used
                .iter()
                .map(|(number, answered)| (*number, if *answered { Report::Open } else { Report::Pending }));
            reports.extend(self.unused.iter().map(|number| (*number, Report::Pending)).chain(used));
        }
        let of = |news: News| match news {
            News::Received(latest, second) => Report::Received { ago: now.saturating_sub(latest), second },
            News::Ended => Report::Ended,
            News::Lingers(until) => Report::Lingers(until.saturating_sub(now)),
            News::Unused => Report::Unused,
            News::Refused(until) => Report::Refused(until.saturating_sub(now)),
        };
        reports.extend(self.news.iter().map(|(number, news)| (*number, of(*news))));
        (reports, self.news.len())
    }

    /// So much of the news is known.
    pub(super) fn told(&mut self, news: usize) {
        self.news.drain(..news.min(self.news.len()));
    }

    /// Permits were granted.
    pub(super) fn granted(&mut self, first: u64, count: usize) {
        self.unused.extend((first..).take(count));
    }

    /// Nobody knows whether these were granted.
    pub(super) fn doubtful(&mut self, first: u64, count: usize) {
        self.news.extend((first..).take(count).map(|number| (number, News::Unused)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_became_of_a_permit_is_told_once() {
        let mut remote = Remote::default();
        assert_eq!(remote.wanted(2), 2);
        remote.granted(7, 2);
        assert_eq!(
            (remote.wanted(2), remote.take(), remote.take(), remote.take()),
            (0, Some(7), Some(8), None)
        );
        remote.tell(7, News::Received(ms(30), ms(1000)));
        remote.tell(7, News::Ended);
        let (reports, news) = remote.reports(ms(50));
        assert_eq!(reports, [(7, Report::Received { ago: ms(20), second: ms(1000) }), (7, Report::Ended)]);
        remote.tell(8, News::Unused);
        remote.told(news);
        assert_eq!(remote.reports(ms(60)).0, [(8, Report::Unused)]);
        remote.told(1);
        assert!(remote.is_idle());
    }

    #[test]
    fn what_is_held_is_renewed_before_the_news() {
        let mut remote = Remote::default();
        remote.granted(1, 3);
        remote.take();
        remote.take();
        remote.tell(1, News::Received(ms(0), ms(1000)));
        let (reports, news) = remote.reports(ms(3000));
        assert_eq!(news, 1);
        let renewed = [(3, Report::Pending), (1, Report::Open), (2, Report::Pending)];
        assert_eq!(reports[..3], renewed);
        assert_eq!(remote.reports(ms(3001)).0.len(), 1, "not again so soon");
    }

    #[test]
    fn permits_that_nobody_wants_are_given_back() {
        let mut remote = Remote::default();
        remote.granted(1, 3);
        assert_eq!(remote.wanted(1), 0);
        assert_eq!(remote.reports(ms(0)).0, [(3, Report::Unused), (2, Report::Unused)]);
        remote.doubtful(4, 2);
        assert_eq!(remote.reports(ms(0)).1, 4);
        remote.keep(0);
        assert_eq!((remote.take(), remote.reports(ms(0)).1), (None, 5), "none is used after an outage");
    }
}

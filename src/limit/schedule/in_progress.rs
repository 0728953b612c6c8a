//! [`InProgress`]: the requests that the server may be working on.

use std::time::Duration;

use super::window::Opening;

/// The requests in progress, as far as this process knows them.
#[derive(Debug, Default)]
pub(super) struct InProgress {
    /// Requests of this process that have a turn and are not finished.
    in_flight: usize,
    /// Until when the server may work on requests that this process gave up, and on those of other processes.
    reserved: Vec<Duration>,
    last: u64,
}

/// When a request began, in the order of all requests in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    number: u64,
    /// How many requests were in progress when this one began, itself included.
    with: usize,
}

impl InProgress {
    /// The number of requests in progress.
    pub(super) fn used(&self, now: Duration) -> usize {
        self.in_flight + self.reserved.iter().filter(|until| **until > now).count()
    }

    /// The number of unfinished requests of this process.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// When one more request may be in progress if `limit` may be.
    pub(super) fn opening(&self, limit: usize, now: Duration) -> Opening {
        if self.used(now) < limit {
            return Opening::Now;
        }
        let next_end = self.reserved.iter().copied().filter(|until| *until > now).min();
        next_end.map_or(Opening::Unknown, Opening::At)
    }

    /// Adds a request of this process.
    pub(super) fn start(&mut self, now: Duration) -> Started {
        self.reserved.retain(|until| *until > now);
        self.in_flight += 1;
        self.last += 1;
        Started { number: self.last, with: self.in_flight + self.reserved.len() }
    }

    /// Removes a request that the server has finished.
    pub(super) fn finish(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Removes a request that the process gave up, while the server may work on it `until` then.
    pub(super) fn finish_at(&mut self, until: Duration) {
        self.finish();
        self.reserved.push(until);
    }

    /// Adds `count` requests of other processes, which are assumed to end at `until`.
    pub(super) fn add_others(&mut self, count: usize, until: Duration) {
        self.reserved.extend(std::iter::repeat_n(until, count));
        self.last += count as u64;
    }

    /// The most requests that can have been in progress at once since `started`.
    pub(super) fn most_since(&self, started: Started) -> usize {
        started.with + usize::try_from(self.last.saturating_sub(started.number)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_request_that_was_given_up_stays_in_progress_for_a_while() {
        let mut requests = InProgress::default();
        requests.start(ms(0));
        requests.start(ms(0));
        requests.finish_at(ms(50));
        assert_eq!((requests.in_flight(), requests.used(ms(49)), requests.used(ms(50))), (1, 2, 1));
        assert_eq!(requests.opening(2, ms(49)), Opening::At(ms(50)));
        assert_eq!(
            (requests.opening(1, ms(50)), requests.opening(2, ms(50))),
            (Opening::Unknown, Opening::Now)
        );
        requests.finish();
        assert_eq!(requests.used(ms(50)), 0);
    }

    #[test]
    fn each_answer_does_not_add_the_requests_of_other_processes_again() {
        let mut requests = InProgress::default();
        let first = requests.start(ms(0));
        assert_eq!(requests.most_since(first), 1);
        requests.add_others(3, ms(1000));
        assert_eq!(requests.most_since(first), 4);
        assert_eq!(requests.start(ms(10)).with, 5);
    }
}

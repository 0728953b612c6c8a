//! [`Slots`]: the requests that the server may be working on. Pure.

use std::time::Duration;

/// How many requests are in progress, as far as is known here.
#[derive(Debug, Default)]
pub(super) struct Slots {
    held: usize,
    /// Until when the server may be working on those that nobody waits for, and on those of others.
    lingering: Vec<Duration>,
    last: u64,
}

/// One request in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    number: u64,
    /// How many were in progress when it began, itself included.
    with: usize,
}

impl Slots {
    pub(super) fn used(&self, now: Duration) -> usize {
        self.held + self.lingering.iter().filter(|until| **until > now).count()
    }

    /// How many are in flight from here.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// When the next of those ends that nobody waits for.
    pub(super) fn next_end(&self, now: Duration) -> Option<Duration> {
        self.lingering.iter().copied().filter(|until| *until > now).min()
    }

    pub(super) fn take(&mut self, now: Duration) -> Slot {
        self.lingering.retain(|until| *until > now);
        self.held += 1;
        self.last += 1;
        Slot { number: self.last, with: self.held + self.lingering.len() }
    }

    /// The server has done with one.
    pub(super) fn give_back(&mut self) {
        self.held = self.held.saturating_sub(1);
    }

    /// Nobody waits for one any more, but the server may work on.
    pub(super) fn linger(&mut self, until: Duration) {
        self.give_back();
        self.lingering.push(until);
    }

    /// The server works for others, too.
    pub(super) fn occupy(&mut self, count: usize, until: Duration) {
        self.lingering.extend(std::iter::repeat_n(until, count));
        self.last += count as u64;
    }

    /// The most that were in progress at once since this one began.
    pub(super) fn at_most_with(&self, slot: Slot) -> usize {
        slot.with + usize::try_from(self.last.saturating_sub(slot.number)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_nobody_waits_for_is_in_progress_a_while() {
        let mut slots = Slots::default();
        slots.take(ms(0));
        slots.take(ms(0));
        slots.linger(ms(50));
        assert_eq!((slots.held(), slots.used(ms(49)), slots.used(ms(50))), (1, 2, 1));
        assert_eq!((slots.next_end(ms(49)), slots.next_end(ms(50))), (Some(ms(50)), None));
        slots.give_back();
        assert_eq!(slots.used(ms(50)), 0);
    }

    #[test]
    fn requests_of_others_are_not_taken_for_more_by_each_answer() {
        let mut slots = Slots::default();
        let first = slots.take(ms(0));
        assert_eq!(slots.at_most_with(first), 1);
        slots.occupy(3, ms(1000));
        assert_eq!(slots.at_most_with(first), 4);
        assert_eq!(slots.take(ms(10)).with, 5);
    }
}

//! [`CallQueue`]: the calls that wait for one endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::http::Priority;

/// The calls that wait for one endpoint, by priority and then oldest first. A call is named by its position, which is never
/// used twice.
#[derive(Debug, Default)]
pub(super) struct CallQueue {
    /// When each interactive call began to wait, by position.
    interactive: BTreeMap<i64, Duration>,
    /// When each other call began to wait, by position.
    batch: BTreeMap<i64, Duration>,
    /// The lowest position that was ever given out.
    front: i64,
    /// The highest position that was ever given out.
    back: i64,
    /// The longest wait of a call that got its turn.
    longest: Duration,
}

impl CallQueue {
    /// The number of waiting calls.
    pub(super) fn len(&self) -> usize {
        self.interactive.len() + self.batch.len()
    }

    /// The number of waiting calls that go before one that joins now.
    pub(super) fn ahead_of(&self, priority: Priority) -> usize {
        match priority {
            Priority::Interactive => self.interactive.len(),
            Priority::Batch => self.len(),
        }
    }

    /// The longest wait so far, of the calls that wait and of those that got their turn.
    pub(super) fn longest_wait(&self, now: Duration) -> Duration {
        let oldest =
            [&self.interactive, &self.batch].into_iter().filter_map(|calls| calls.values().next()).min();
        self.longest.max(oldest.map_or(Duration::ZERO, |since| now.saturating_sub(*since)))
    }

    /// Adds a call and returns its position. A call that had a turn `before`, and must be sent again, goes first.
    pub(super) fn join(&mut self, priority: Priority, before: bool, now: Duration) -> i64 {
        let position = if before {
            self.front -= 1;
            self.front
        } else {
            self.back += 1;
            self.back
        };
        self.calls(priority).insert(position, now);
        position
    }

    /// Removes a call that no longer waits.
    pub(super) fn leave(&mut self, priority: Priority, position: i64) {
        self.calls(priority).remove(&position);
    }

    /// The call that is next.
    pub(super) fn first(&self) -> Option<(Priority, i64)> {
        let of = |calls: &BTreeMap<i64, Duration>| calls.keys().next().copied();
        let interactive = of(&self.interactive).map(|position| (Priority::Interactive, position));
        interactive.or_else(|| of(&self.batch).map(|position| (Priority::Batch, position)))
    }

    /// Whether a call of this priority waits.
    pub(super) fn has(&self, priority: Priority) -> bool {
        match priority {
            Priority::Interactive => !self.interactive.is_empty(),
            Priority::Batch => !self.batch.is_empty(),
        }
    }

    /// Removes the first call of this priority, whose turn has come, and returns its position.
    pub(super) fn pop(&mut self, priority: Priority, now: Duration) -> Option<i64> {
        let (position, since) = self.calls(priority).pop_first()?;
        self.longest = self.longest.max(now.saturating_sub(since));
        Some(position)
    }

    fn calls(&mut self, priority: Priority) -> &mut BTreeMap<i64, Duration> {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Batch => &mut self.batch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn interactive_calls_go_first_and_repeated_ones_before_them() {
        let mut queue = CallQueue::default();
        let [batch, first, second] = [Priority::Batch, Priority::Interactive, Priority::Interactive]
            .map(|priority| queue.join(priority, false, ms(0)));
        let again = queue.join(Priority::Interactive, true, ms(0));
        assert_eq!((queue.ahead_of(Priority::Interactive), queue.ahead_of(Priority::Batch)), (3, 4));
        let mut order = Vec::new();
        while let Some((priority, position)) = queue.first() {
            assert_eq!(queue.pop(priority, ms(0)), Some(position));
            order.push(position);
        }
        assert_eq!(order, [again, first, second, batch]);
    }

    #[test]
    fn the_longest_wait_is_of_calls_that_stayed() {
        let mut queue = CallQueue::default();
        let impatient = queue.join(Priority::Batch, false, ms(0));
        queue.join(Priority::Batch, false, ms(100));
        assert_eq!(queue.longest_wait(ms(150)), ms(150));
        queue.leave(Priority::Batch, impatient);
        assert_eq!((queue.len(), queue.longest_wait(ms(150))), (1, ms(50)));
        queue.pop(Priority::Batch, ms(200));
        assert_eq!(queue.longest_wait(ms(900)), ms(100));
    }
}

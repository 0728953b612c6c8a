//! [`Bucket`]: one endpoint of one credential: its window, what it takes at once, its pause, and who waits. Pure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::answer::LimitHeaders;
use super::endpoint::Endpoint;
use super::guard::{Guard, Trip};
use super::remote::Remote;
use super::rules::{CONCURRENT, Rule};
use super::slots::Slots;
use super::usual::Usual;
use super::waiter::Waiter;
use super::window::{Opening, Window};
use crate::http::Priority;

/// One endpoint of one credential.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) endpoint: Endpoint,
    pub(super) window: Window,
    pub(super) slots: Slots,
    pub(super) too_many_requests: u64,
    pub(super) queue: Queue,
    pub(super) remote: Remote,
    pub(super) usual: Usual,
    /// Answers whose bodies were handed over and are neither at their end nor given up.
    pub(super) unread: usize,
    rule: Rule,
    guard: Guard,
    /// The limit of requests a second that answers told, or the table.
    per_second: usize,
    /// How many processes have to do with these limits without knowing of each other.
    members: usize,
    /// The limit of requests at once that answers told.
    told_at_once: Option<usize>,
    pause: Pause,
}

/// What 429s have led to.
#[derive(Debug, Default)]
struct Pause {
    began: Duration,
    until: Duration,
    /// How many in a row, those apart that were under way together.
    in_a_row: u32,
}

/// Who waits for an endpoint, the first first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    interactive: VecDeque<Arc<Waiter>>,
    batch: VecDeque<Arc<Waiter>>,
    /// Without those that have gone.
    waiting: usize,
    /// How many of these are not interactive.
    waiting_batch: usize,
    /// How long the longest waited that was let through.
    longest: Duration,
}

impl Bucket {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let rule = endpoint.rule();
        Self {
            endpoint,
            window: Window::new(rule.per_second as usize),
            slots: Slots::default(),
            too_many_requests: 0,
            queue: Queue::default(),
            remote: Remote::default(),
            usual: Usual::default(),
            unread: 0,
            per_second: rule.per_second as usize,
            members: 1,
            rule,
            guard: Guard::default(),
            told_at_once: None,
            pause: Pause::default(),
        }
    }

    /// Another client has a rule of its own for this endpoint: the lower of each holds.
    pub(super) fn agree(&mut self, rule: Rule) {
        if rule == self.rule {
            return;
        }
        let lower = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        self.rule = Rule {
            per_second: self.rule.per_second.min(rule.per_second),
            concurrent: lower(self.rule.concurrent, rule.concurrent),
            chosen: self.rule.chosen || rule.chosen,
        };
        self.limit_to(self.per_second.min(self.rule.per_second as usize));
    }

    fn limit_to(&mut self, per_second: usize) {
        self.per_second = per_second;
        self.window.set_limit(per_second / self.members);
    }

    /// Takes a part of the limits only, one of so many.
    pub(super) fn divide_by(&mut self, members: usize) {
        self.members = members.max(1);
        self.limit_to(self.per_second);
    }

    /// Requests that it takes in any second, from all processes.
    pub(super) fn per_second(&self) -> usize {
        self.per_second
    }

    /// What the server's second is taken for. Where there are more processes than requests in one, each waits longer.
    fn second(&self, now: Duration) -> Duration {
        let turns = self.members.div_ceil(self.per_second.max(1)).max(1);
        self.guard.second(now).saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX))
    }

    /// Whether the table has a limit of requests at once for this endpoint alone.
    pub(super) fn is_exception(&self) -> bool {
        self.rule.concurrent.is_some()
    }

    pub(super) fn told_at_once(&self) -> Option<usize> {
        self.told_at_once
    }

    /// How many requests it takes at once. `chosen` is what the user allows each credential.
    pub(super) fn at_once(&self, chosen: Option<usize>) -> usize {
        let table = self.rule.concurrent.map(|concurrent| concurrent as usize);
        let most = table.or(chosen).unwrap_or(CONCURRENT as usize);
        match self.told_at_once {
            Some(told) if self.rule.chosen || chosen.is_some() => told.min(most),
            Some(told) => told,
            None => most,
        }
    }

    /// When a request can be let through, as far as this endpoint goes.
    pub(super) fn opening(&self, chosen: Option<usize>, now: Duration) -> Opening {
        if self.is_paused(now) {
            return Opening::At(self.pause.until);
        }
        match self.window.opening(now) {
            Opening::Now => self.slot_opening(chosen, now),
            other => other,
        }
    }

    fn slot_opening(&self, chosen: Option<usize>, now: Duration) -> Opening {
        slot_opening(&self.slots, (self.at_once(chosen) / self.members).max(1), now)
    }

    /// Whether one more request may be in progress, as far as this endpoint goes.
    pub(super) fn has_slot(&self, chosen: Option<usize>, now: Duration) -> bool {
        self.slot_opening(chosen, now) == Opening::Now
    }

    /// Until when a 429 holds it back.
    pub(super) fn paused_until(&self) -> Duration {
        self.pause.until
    }

    /// Whether a 429 holds it back.
    pub(super) fn is_paused(&self, now: Duration) -> bool {
        self.pause.until > now
    }

    /// An answer has come: learns from it, and from what it says of the limits. (If processes share these, the requests of
    /// others are known already.) Says when the server received the request at the latest, and what its second is taken
    /// for.
    pub(super) fn answered(
        &mut self,
        ticket: u64,
        (sent, now): (Duration, Duration),
        trip: Trip,
        headers: &LimitHeaders,
        shares: bool,
    ) -> (Duration, Duration) {
        let ours = self.window.at_most_with(ticket);
        let latest = self.guard.answered(sent, now, trip);
        let second = self.second(now);
        self.window.received(ticket, latest, second);
        if let Some(told) = headers.limit {
            let limit = if self.rule.chosen { told.min(self.rule.per_second as usize) } else { told };
            self.limit_to(limit);
        }
        let others = headers.counted().and_then(|counted| counted.checked_sub(ours));
        if let Some(others) = others.filter(|_| !shares) {
            self.window.occupy(others, latest, second);
        }
        self.told_at_once = headers.concurrent_limit.or(self.told_at_once);
        (latest, self.guard.second(now))
    }

    /// The request was not refused.
    pub(super) fn taken(&mut self, sent: Duration) {
        if sent >= self.pause.began {
            self.pause.in_a_row = 0;
        }
    }

    /// How many 429s in a row there were before the one to a request that left at `sent`.
    pub(super) fn refusals_before(&self, sent: Duration) -> u32 {
        if sent >= self.pause.began { self.pause.in_a_row } else { self.pause.in_a_row.saturating_sub(1) }
    }

    /// A 429 has come: nothing more is sent for so long.
    pub(super) fn refused(&mut self, sent: Duration, now: Duration, pause: Duration, headers: &LimitHeaders) {
        self.too_many_requests += 1;
        self.pause.until = self.pause.until.max(now + pause);
        if sent >= self.pause.began {
            self.pause.began = now;
            self.pause.in_a_row = self.pause.in_a_row.saturating_add(1);
            // If it was for the requests in progress, it says nothing of the second.
            if headers.remaining.is_none_or(|remaining| remaining == 0) {
                self.guard.refused(now);
            }
        }
    }

    /// Until when the server may work on a request that left at `sent`, and whose answer nobody reads on.
    pub(super) fn works_until(&self, sent: Duration, now: Duration) -> Duration {
        self.guard.works_until(sent, now)
    }

    /// Nobody waits any more for an answer to a request that left at `sent`. Says when the server received it at the
    /// latest, and what its second is taken for.
    pub(super) fn abandoned(&mut self, ticket: u64, sent: Duration, now: Duration) -> (Duration, Duration) {
        let latest = self.guard.abandoned(sent, now);
        self.window.received(ticket, latest, self.second(now));
        (latest, self.guard.second(now))
    }
}

/// When there is a slot among so many.
pub(super) fn slot_opening(slots: &Slots, most: usize, now: Duration) -> Opening {
    if slots.used(now) < most {
        return Opening::Now;
    }
    slots.next_end(now).map_or(Opening::Unknown, Opening::At)
}

impl Queue {
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many go before one that joins now.
    pub(super) fn ahead_of(&self, priority: Priority) -> usize {
        match priority {
            Priority::Interactive => self.waiting - self.waiting_batch,
            Priority::Batch => self.waiting,
        }
    }

    fn count_down(&mut self, priority: Priority) {
        self.waiting = self.waiting.saturating_sub(1);
        if priority == Priority::Batch {
            self.waiting_batch = self.waiting_batch.saturating_sub(1);
        }
    }

    /// How long the longest has waited, of those that wait and of those that did.
    pub(super) fn longest_wait(&self, now: Duration) -> Duration {
        let of = |queue: &VecDeque<Arc<Waiter>>| {
            queue.iter().find(|waiter| waiter.waits()).map(|first| first.since)
        };
        let oldest = [of(&self.interactive), of(&self.batch)].into_iter().flatten().min();
        self.longest.max(oldest.map_or(Duration::ZERO, |since| now.saturating_sub(since)))
    }

    /// `again` is for who was let through before: that one goes first.
    pub(super) fn join(&mut self, waiter: Arc<Waiter>, again: bool) {
        self.waiting += 1;
        self.waiting_batch += usize::from(waiter.priority == Priority::Batch);
        let queue = self.of(waiter.priority);
        if again {
            queue.push_front(waiter);
        } else {
            queue.push_back(waiter);
        }
    }

    /// One that waited has gone.
    pub(super) fn left(&mut self, priority: Priority) {
        self.count_down(priority);
        let most = 2 * self.waiting + 16;
        let queue = self.of(priority);
        if queue.len() > most {
            queue.retain(|waiter| waiter.waits());
        }
    }

    /// The first that waits, of all or of one priority.
    pub(super) fn first(&mut self, priority: Option<Priority>) -> Option<&Arc<Waiter>> {
        let priority = match priority {
            Some(priority) => priority,
            None if self.skip_gone(Priority::Interactive) => Priority::Interactive,
            None => Priority::Batch,
        };
        self.skip_gone(priority);
        self.of(priority).front()
    }

    /// Lets the first through.
    pub(super) fn pop(&mut self, priority: Priority, now: Duration) -> Option<Arc<Waiter>> {
        self.skip_gone(priority);
        let first = self.of(priority).pop_front()?;
        self.count_down(priority);
        self.longest = self.longest.max(now.saturating_sub(first.since));
        Some(first)
    }

    /// Whether any wait.
    fn skip_gone(&mut self, priority: Priority) -> bool {
        let queue = self.of(priority);
        while queue.front().is_some_and(|waiter| !waiter.waits()) {
            queue.pop_front();
        }
        !queue.is_empty()
    }

    fn of(&mut self, priority: Priority) -> &mut VecDeque<Arc<Waiter>> {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Batch => &mut self.batch,
        }
    }
}

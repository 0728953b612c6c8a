//! [`EndpointState`]: what the scheduler knows about one endpoint of a credential.

use std::time::Duration;

use super::arrival::{Arrival, ArrivalEstimator, Connection};
use super::headers::LimitHeaders;
use super::in_progress::InProgress;
use super::queue::CallQueue;
use super::response_time::ResponseTime;
use super::window::{Opening, Window};
use crate::http::Priority;
use crate::limit::endpoints::{CONCURRENT, Endpoint, Rule};
use crate::limit::shared::PermitLedger;

/// The limits of one endpoint of a credential, and how far they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointLimits {
    /// The endpoint's method and path template.
    pub endpoint: String,
    /// The limit of requests in any second.
    pub per_second: usize,
    /// The limit of requests in progress.
    pub concurrent: usize,
    /// Requests that the server may count in its present second.
    pub used: usize,
    /// Requests that were sent, or may be, and are not finished.
    pub in_flight: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// The longest time that a call has waited so far.
    pub longest_wait: Duration,
    /// Answers with status 429 so far.
    pub too_many_requests: u64,
}

/// One endpoint of one credential: its window, its requests in progress, its pause after a 429, and the calls that wait.
#[derive(Debug)]
pub(super) struct EndpointState {
    pub(super) queue: CallQueue,
    pub(super) permits: PermitLedger,
    /// Whether a task requests shared permits for this endpoint and reports what became of them.
    pub(super) has_agent: bool,
    /// Answers whose bodies were handed to the user, and are neither at their end nor given up.
    pub(super) unread: usize,
    endpoint: Endpoint,
    rule: Rule,
    window: Window,
    in_progress: InProgress,
    arrivals: ArrivalEstimator,
    response_time: ResponseTime,
    /// The limit of requests per second that answers reported, or else that of the rule.
    per_second: usize,
    /// The number of processes among which the limits are divided while the shared window cannot be reached.
    members: usize,
    /// The limit of requests in progress that answers reported.
    reported_concurrent: Option<usize>,
    pause: Pause,
    too_many_requests: u64,
}

/// What 429s have led to.
#[derive(Debug, Default)]
struct Pause {
    began: Duration,
    until: Duration,
    /// The number of 429s in a row. Those to requests that were in flight together count as one.
    in_a_row: u32,
}

impl EndpointState {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let rule = endpoint.rule();
        Self {
            queue: CallQueue::default(),
            permits: PermitLedger::default(),
            has_agent: false,
            unread: 0,
            endpoint,
            window: Window::new(rule.per_second as usize),
            in_progress: InProgress::default(),
            arrivals: ArrivalEstimator::default(),
            response_time: ResponseTime::default(),
            per_second: rule.per_second as usize,
            members: 1,
            rule,
            reported_concurrent: None,
            pause: Pause::default(),
            too_many_requests: 0,
        }
    }

    /// The endpoint's method and path template.
    pub(super) fn name(&self) -> &str {
        self.endpoint.name()
    }

    /// Merges the rule of another client for this endpoint: the lower limit of each kind holds.
    pub(super) fn restrict(&mut self, rule: Rule) {
        if rule == self.rule {
            return;
        }
        let lower = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        self.rule = Rule {
            per_second: self.rule.per_second.min(rule.per_second),
            concurrent: lower(self.rule.concurrent, rule.concurrent),
            chosen: self.rule.chosen || rule.chosen,
        };
        self.set_limit(self.per_second.min(self.rule.per_second as usize));
    }

    fn set_limit(&mut self, per_second: usize) {
        self.per_second = per_second;
        self.window.set_limit(per_second / self.members);
    }

    /// Uses only this process's part of the limits, which `members` processes divide.
    pub(super) fn divide_by(&mut self, members: usize) {
        self.members = members.max(1);
        self.set_limit(self.per_second);
    }

    /// The limit of requests in any second, over all processes.
    pub(super) fn per_second(&self) -> usize {
        self.per_second
    }

    /// How long a request keeps its place in the window. If more processes divide the limit than it has requests, each
    /// process waits longer.
    fn span(&self, now: Duration) -> Duration {
        let turns = self.members.div_ceil(self.per_second.max(1)).max(1);
        self.arrivals.second(now).saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX))
    }

    /// The credential's limit of requests in progress, as answers of this endpoint reported it. An endpoint with a limit of
    /// its own reports that one instead.
    pub(super) fn reported_for_credential(&self) -> Option<usize> {
        self.reported_concurrent.filter(|_| self.rule.concurrent.is_none())
    }

    /// The endpoint's limit of requests in progress. `chosen` is the user's limit for each credential.
    pub(super) fn concurrent(&self, chosen: Option<usize>) -> usize {
        let own = self.rule.concurrent.map(|concurrent| concurrent as usize);
        let most = own.or(chosen).unwrap_or(CONCURRENT as usize);
        match self.reported_concurrent {
            Some(reported) if self.rule.chosen || chosen.is_some() => reported.min(most),
            Some(reported) => reported,
            None => most,
        }
    }

    /// When a request can get its turn, as far as this endpoint decides.
    pub(super) fn opening(&self, chosen: Option<usize>, now: Duration) -> Opening {
        if self.is_paused(now) {
            return Opening::At(self.pause.until);
        }
        match self.window.opening(now) {
            Opening::Now => self.in_progress_opening(chosen, now),
            other => other,
        }
    }

    /// When one more request may be in progress, as far as this endpoint decides.
    pub(super) fn in_progress_opening(&self, chosen: Option<usize>, now: Duration) -> Opening {
        self.in_progress.opening((self.concurrent(chosen) / self.members).max(1), now)
    }

    /// The shortest possible wait of a call that comes now.
    pub(super) fn least_wait(&self, priority: Priority, now: Duration) -> Duration {
        let free = self.window.earliest(self.queue.ahead_of(priority), now);
        free.max(self.pause.until).saturating_sub(now)
    }

    fn is_paused(&self, now: Duration) -> bool {
        self.pause.until > now
    }

    /// Whether the server remembers none of this endpoint's requests.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.window.used(now) == 0 && !self.is_paused(now)
    }

    /// Takes a place in the window and among the requests in progress, and returns the place's ticket.
    pub(super) fn start(&mut self, now: Duration) -> Option<u64> {
        let ticket = self.window.take(now)?;
        self.in_progress.start(now);
        Some(ticket)
    }

    /// Gives everything back, since the request was never sent.
    pub(super) fn cancel(&mut self, ticket: u64) {
        self.window.cancel(ticket);
        self.in_progress.finish();
    }

    /// Ends a request that the server has finished.
    pub(super) fn finish(&mut self) {
        self.in_progress.finish();
    }

    /// Ends a request that the process gave up, while the server may work on it `until` then.
    pub(super) fn finish_at(&mut self, until: Duration) {
        self.in_progress.finish_at(until);
    }

    /// Adds `count` requests in progress of other processes, which are assumed to end at `until`.
    pub(super) fn add_others(&mut self, count: usize, until: Duration) {
        self.in_progress.add_others(count, until);
    }

    /// Learns from an answer that came now, and from what it reports about the limits. `is_shared` says that the requests of
    /// other processes are known already.
    pub(super) fn answered(
        &mut self,
        ticket: u64,
        (sent, now): (Duration, Duration),
        connection: Connection,
        headers: &LimitHeaders,
        is_shared: bool,
    ) -> Arrival {
        self.response_time.record(now.saturating_sub(sent));
        let ours = self.window.at_most_with(ticket);
        let latest = self.arrivals.answered(sent, now, connection);
        let span = self.span(now);
        self.window.received(ticket, latest, span);
        if let Some(reported) = headers.limit {
            let chosen = self.rule.chosen.then_some(self.rule.per_second as usize);
            self.set_limit(chosen.map_or(reported, |chosen| reported.min(chosen)));
        }
        let others = headers.counted().and_then(|counted| counted.checked_sub(ours));
        if let Some(others) = others.filter(|_| !is_shared) {
            self.window.occupy(others, latest, span);
        }
        self.reported_concurrent = headers.concurrent_limit.or(self.reported_concurrent);
        Arrival { latest, second: self.arrivals.second(now) }
    }

    /// Notes that a request that was sent at `sent` was not refused.
    pub(super) fn accepted(&mut self, sent: Duration) {
        if sent >= self.pause.began {
            self.pause.in_a_row = 0;
        }
    }

    /// The number of 429s in a row before the one to a request that was sent at `sent`.
    pub(super) fn refusals_before(&self, sent: Duration) -> u32 {
        if sent >= self.pause.began { self.pause.in_a_row } else { self.pause.in_a_row.saturating_sub(1) }
    }

    /// Sends nothing more for the time of `pause`, since a request was answered with 429.
    pub(super) fn refused(&mut self, sent: Duration, now: Duration, pause: Duration, headers: &LimitHeaders) {
        self.too_many_requests += 1;
        self.pause.until = self.pause.until.max(now + pause);
        if sent >= self.pause.began {
            self.pause.began = now;
            self.pause.in_a_row = self.pause.in_a_row.saturating_add(1);
            // A 429 for the requests in progress says nothing about the second.
            if headers.remaining.is_none_or(|remaining| remaining == 0) {
                self.arrivals.refused(now);
            }
        }
    }

    /// Until when the server may work on a request that was sent at `sent` and whose answer is not read to its end.
    pub(super) fn works_until(&self, sent: Duration, now: Duration) -> Duration {
        self.arrivals.works_until(sent, now)
    }

    /// Estimates the arrival of a request that was sent at `sent` and whose answer the process no longer waits for.
    pub(super) fn abandoned(&mut self, ticket: u64, sent: Duration, now: Duration) -> Arrival {
        let latest = self.arrivals.abandoned(sent, now);
        self.window.received(ticket, latest, self.span(now));
        Arrival { latest, second: self.arrivals.second(now) }
    }

    /// The time within which nearly every answer comes, once there was one.
    pub(super) fn usual_response_time(&self) -> Option<Duration> {
        self.response_time.upper_bound()
    }

    /// The figures of this endpoint. `chosen` is the user's limit for each credential, and `over_all` the limit of requests
    /// in progress over all endpoints.
    pub(super) fn limits(
        &self,
        chosen: Option<usize>,
        over_all: Option<usize>,
        now: Duration,
    ) -> EndpointLimits {
        EndpointLimits {
            endpoint: self.name().to_owned(),
            per_second: self.per_second,
            concurrent: self.concurrent(chosen).min(over_all.unwrap_or(usize::MAX)),
            used: self.window.used(now),
            in_flight: self.in_progress.in_flight(),
            waiting: self.queue.len(),
            longest_wait: self.queue.longest_wait(now),
            too_many_requests: self.too_many_requests,
        }
    }
}

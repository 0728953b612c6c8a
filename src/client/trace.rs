//! [`Trace`]: reports the steps of a call to its observer, if it has one.

use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::error::{Error, Result};
use crate::http::{AttemptReport, Next, Observer, Report};
use crate::http::{Authorization, Response, shown_headers, shown_request_id};

/// A wait for a turn that is shorter than this is none.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// The steps of one call. Without an observer, every method does nothing.
pub(super) struct Trace<'a>(Option<Observed<'a>>);

struct Observed<'a> {
    observer: &'a Observer,
    clock: &'a dyn Clock,
    number: u32,
    /// When the present step began.
    since: Moment,
    queued: Duration,
    prepared: Duration,
    /// Whether an attempt is in progress.
    under_way: bool,
}

impl<'a> Trace<'a> {
    pub(super) fn new(observer: Option<&'a Observer>, clock: &'a dyn Clock) -> Self {
        Self(observer.map(|observer| Observed {
            observer,
            clock,
            number: 0,
            since: clock.now(),
            queued: Duration::ZERO,
            prepared: Duration::ZERO,
            under_way: false,
        }))
    }

    /// An attempt begins: it waits for its turn.
    pub(super) fn begin(&mut self) {
        if let Some(observed) = &mut self.0 {
            observed.step();
        }
    }

    /// The attempt has its turn.
    pub(super) fn has_turn(&mut self) {
        let Some(observed) = &mut self.0 else { return };
        observed.queued = observed.step();
        if observed.queued >= LEAST_WAIT {
            observed.observer.report(Report::Turn { waited: observed.queued });
        }
    }

    /// The request leaves.
    pub(super) fn leave(&mut self) {
        let Some(observed) = &mut self.0 else { return };
        observed.prepared = observed.step();
        observed.number += 1;
        observed.under_way = true;
    }

    /// The attempt has ended. Only its first end counts.
    pub(super) fn end(
        &mut self,
        outcome: &Result<Response>,
        authorization: &Authorization,
        paused: Option<Duration>,
        next: Next,
    ) {
        let Some(observed) = self.0.as_mut().filter(|observed| observed.under_way) else { return };
        let response = outcome.as_ref().ok();
        let attempt = AttemptReport {
            status: response.map(|response| response.status.as_u16()),
            error: outcome.as_ref().err().map(Error::code),
            request_id: response.and_then(|response| shown_request_id(&response.headers, authorization)),
            headers: response
                .map(|response| shown_headers(&response.headers, authorization))
                .unwrap_or_default(),
            peer: response.and_then(|response| response.peer),
            is_http2: response.is_some_and(|response| response.is_http2),
            paused,
            next,
            ..observed.unanswered()
        };
        observed.report(attempt);
    }
}

impl Observed<'_> {
    /// How long the step took that now ends.
    fn step(&mut self) -> Duration {
        let now = self.clock.now();
        now.since(std::mem::replace(&mut self.since, now))
    }

    fn unanswered(&mut self) -> AttemptReport {
        AttemptReport {
            number: self.number,
            queued: self.queued,
            prepared: self.prepared,
            took: self.step(),
            status: None,
            error: None,
            request_id: None,
            headers: String::new(),
            peer: None,
            is_http2: false,
            paused: None,
            next: Next::End,
        }
    }

    fn report(&mut self, attempt: AttemptReport) {
        self.under_way = false;
        self.observer.report(Report::Attempt(attempt));
    }
}

impl Drop for Observed<'_> {
    /// The deadline of the call has passed during an attempt.
    fn drop(&mut self) {
        if self.under_way {
            let attempt = self.unanswered();
            self.report(attempt);
        }
    }
}

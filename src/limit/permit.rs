//! [`Permit`]: one request's leave to go, from its turn to the end of its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::answer::LimitHeaders;
use super::guard::Trip;
use super::limiter::Limiter;
use super::remote::News;
use super::waiter::Turn;
use super::window::SECOND;
use crate::http::UntilEnd;

/// One request's leave to go.
///
/// Its place in the window is taken until a second after the server received it, and its slot until the server has done
/// with it: when the answer's body is read to its end. The vendor counts requests "at once", and one whose answer is
/// still being written is. Given up before that, the slot stays taken for as long as an answer takes; given up before
/// [`Permit::leaves`], nothing was taken.
pub struct Permit {
    limiter: Arc<Limiter>,
    turn: Turn,
    stage: Stage,
    /// Whether its answer's body was handed over, and is not at its end.
    unread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent.
    Admitted,
    /// Since when the server may have it.
    Left(Duration),
    /// The answer's headers have come.
    Answered(Duration),
    /// The server has done with it.
    Ended,
}

impl Permit {
    pub(super) fn new(limiter: &Arc<Limiter>, turn: Turn) -> Self {
        Self { limiter: Arc::clone(limiter), turn, stage: Stage::Admitted, unread: false }
    }

    /// The request leaves now.
    pub fn leaves(&mut self) {
        self.stage = Stage::Left(self.limiter.now());
    }

    /// It never left, after all.
    pub fn never_left(mut self) {
        self.stage = Stage::Admitted;
    }

    /// The answer's headers have come.
    pub fn answered(&mut self, headers: &LimitHeaders, trip: Trip) {
        let Stage::Left(sent) = self.stage else { return };
        self.stage = Stage::Answered(sent);
        let turn = self.turn;
        self.limiter.change(turn.bucket, |state, now| {
            let shares = state.shares();
            if let Some(bucket) = state.bucket(turn.bucket) {
                bucket.usual.learn(now.saturating_sub(sent));
                let (latest, second) = bucket.answered(turn.ticket, (sent, now), trip, headers, shares);
                state.tell(turn, News::Received(latest, second));
            }
            if headers.concurrent_limit.is_some() {
                state.told(turn, headers.in_progress(), now + SECOND);
            }
        });
    }

    /// How long nearly every answer of its endpoint takes, as far as there were any.
    pub fn usual_answer(&self) -> Option<Duration> {
        self.limiter.state().bucket(self.turn.bucket)?.usual.most()
    }

    fn set_unread(&mut self, unread: bool) {
        if std::mem::replace(&mut self.unread, unread) == unread {
            return;
        }
        if let Some(bucket) = self.limiter.state().bucket(self.turn.bucket) {
            bucket.unread = if unread { bucket.unread + 1 } else { bucket.unread.saturating_sub(1) };
        }
    }

    /// It was not refused for its rate.
    pub fn taken(&self) {
        let Stage::Answered(sent) = self.stage else { return };
        if let Some(bucket) = self.limiter.state().bucket(self.turn.bucket) {
            bucket.taken(sent);
        }
    }

    /// How many 429s in a row there were before the one that it got.
    pub fn refusals_before(&self) -> u32 {
        let Stage::Answered(sent) = self.stage else { return 0 };
        self.limiter.state().bucket(self.turn.bucket).map_or(0, |bucket| bucket.refusals_before(sent))
    }

    /// It was answered with 429: its endpoint gets nothing for so long.
    pub fn refused(&self, pause: Duration, headers: &LimitHeaders) {
        let Stage::Answered(sent) = self.stage else { return };
        self.limiter.change(self.turn.bucket, |state, now| {
            if let Some(bucket) = state.bucket(self.turn.bucket) {
                bucket.refused(sent, now, pause, headers);
            }
            state.tell(self.turn, News::Refused(now + pause));
        });
    }
}

impl UntilEnd for Permit {
    fn handed_over(&mut self) {
        self.set_unread(true);
    }

    fn ended(&mut self) {
        self.set_unread(false);
        if matches!(self.stage, Stage::Left(_) | Stage::Answered(_)) {
            self.stage = Stage::Ended;
            let turn = self.turn;
            self.limiter.change(turn.bucket, |state, _| state.ended(turn));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.set_unread(false);
        let turn = self.turn;
        match self.stage {
            Stage::Ended => {}
            Stage::Admitted => self.limiter.change(turn.bucket, |state, _| state.cancel(turn)),
            Stage::Left(sent) => self.limiter.change(turn.bucket, |state, now| {
                if let Some(bucket) = state.bucket(turn.bucket) {
                    let (latest, second) = bucket.abandoned(turn.ticket, sent, now);
                    let until = bucket.works_until(sent, now);
                    state.tell(turn, News::Received(latest, second));
                    state.linger(turn, until);
                }
            }),
            Stage::Answered(sent) => self.limiter.change(turn.bucket, |state, now| {
                let until = state.bucket(turn.bucket).map(|bucket| bucket.works_until(sent, now));
                state.linger(turn, until.unwrap_or(now));
            }),
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("turn", &self.turn).field("stage", &self.stage).finish_non_exhaustive()
    }
}

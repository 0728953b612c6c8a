//! [`Permit`]: one request's permission to be sent, from its turn to the end of its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::limiter::Limiter;
use super::schedule::{Connection, LimitHeaders, Turn};
use crate::http::UntilEnd;

/// One request's permission to be sent.
///
/// The request keeps its place in the window until a second after the server received it. It counts as in progress until
/// the server has finished it, which is when the answer's body is read to its end: a request whose answer is still being
/// written is in progress for the vendor. If the permit is dropped before that, the request counts as in progress for as
/// long as an answer takes. If it is dropped before [`Permit::leaves`], nothing was used.
pub struct Permit {
    limiter: Arc<Limiter>,
    turn: Turn,
    stage: Stage,
    /// Whether the answer's body was handed to the user and is not at its end.
    is_unread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent.
    Admitted,
    /// The request was sent at this time.
    Sent(Duration),
    /// The request was sent at this time, and the answer's headers have come.
    Answered(Duration),
    /// The server has finished the request.
    Ended,
}

impl Permit {
    pub(super) fn new(limiter: &Arc<Limiter>, turn: Turn) -> Self {
        Self { limiter: Arc::clone(limiter), turn, stage: Stage::Admitted, is_unread: false }
    }

    /// Notes that the request is sent now.
    pub fn leaves(&mut self) {
        self.stage = Stage::Sent(self.limiter.now());
    }

    /// Gives the permit back: the request was not sent after all.
    pub fn never_left(mut self) {
        self.stage = Stage::Admitted;
    }

    /// Notes that the answer's headers have come, and learns from them.
    pub fn answered(&mut self, headers: &LimitHeaders, connection: Connection) {
        let Stage::Sent(sent) = self.stage else { return };
        self.stage = Stage::Answered(sent);
        let turn = self.turn;
        self.limiter.update(|scheduler, now| scheduler.answered(turn, (sent, now), connection, headers));
    }

    /// The time within which nearly every answer of the request's endpoint comes, once there was one.
    pub fn usual_answer(&self) -> Option<Duration> {
        self.limiter.access(|scheduler| scheduler.usual_response_time(self.turn))
    }

    /// Notes that the request was not answered with 429.
    pub fn taken(&self) {
        let Stage::Answered(sent) = self.stage else { return };
        self.limiter.access(|scheduler| scheduler.accepted(self.turn, sent));
    }

    /// The number of 429s in a row before the one that answered this request.
    pub fn refusals_before(&self) -> u32 {
        let Stage::Answered(sent) = self.stage else { return 0 };
        self.limiter.access(|scheduler| scheduler.refusals_before(self.turn, sent))
    }

    /// Holds the request's endpoint back for the time of `pause`, since the request was answered with 429.
    pub fn refused(&self, pause: Duration, headers: &LimitHeaders) {
        let Stage::Answered(sent) = self.stage else { return };
        self.limiter.update(|scheduler, now| scheduler.refused(self.turn, (sent, now), pause, headers));
    }

    fn set_unread(&mut self, is_unread: bool) {
        if std::mem::replace(&mut self.is_unread, is_unread) != is_unread {
            self.limiter.access(|scheduler| scheduler.set_unread(self.turn, is_unread));
        }
    }
}

impl UntilEnd for Permit {
    fn handed_over(&mut self) {
        self.set_unread(true);
    }

    fn ended(&mut self) {
        self.set_unread(false);
        if matches!(self.stage, Stage::Sent(_) | Stage::Answered(_)) {
            self.stage = Stage::Ended;
            self.limiter.update(|scheduler, now| scheduler.finish(self.turn, now));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.set_unread(false);
        let turn = self.turn;
        match self.stage {
            Stage::Ended => {}
            Stage::Admitted => self.limiter.update(|scheduler, now| scheduler.cancel(turn, now)),
            Stage::Sent(sent) => self.limiter.update(|scheduler, now| scheduler.abandon(turn, sent, now)),
            Stage::Answered(sent) => {
                self.limiter.update(|scheduler, now| scheduler.stop_reading(turn, sent, now));
            }
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("turn", &self.turn).field("stage", &self.stage).finish_non_exhaustive()
    }
}

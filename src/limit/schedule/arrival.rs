//! [`ArrivalEstimator`]: the latest instant at which the server can have received a request, estimated from its answer.
//!
//! A request that was sent at `s` and answered at `h` was received in between. No way there and back is shorter than the
//! shortest one seen so far, so that much of `h - s` is accounted for, and only the rest is uncertain: nothing on a quiet
//! network, and on a busy one what this very request met with. The schedule waits for that and adds no fixed margin.

use std::time::Duration;

use super::window::SECOND;

/// How long the shortest time is remembered, at least; at most twice as long. Routes change.
const MEMORY: Duration = Duration::from_secs(60);
/// The number of answers that are needed before the shortest of them means anything.
const LEAST_SAMPLES: u32 = 8;
/// The shortest of `n` times exceeds the shortest possible one by about one n-th of what the times vary by. This many n-ths
/// are allowed for it: the chance that it is more is e to the power of minus this.
const CAUTION: f64 = 6.0;
/// The mean uncertainty of a request, in seconds, above which optimism is worth its risk. Below it, waiting costs two
/// percent of the limit.
const WORTHWHILE: f64 = 0.020;
/// The most that the way to the server is ever believed to vary by, in seconds, and what is believed at first.
const MOST_JITTER: f64 = 1.0;
/// The least that the way to the server is ever believed to vary by, in seconds.
const LEAST_JITTER: f64 = 0.060;
/// By how much each answer reduces the believed jitter: by half in 700 answers.
const JITTER_DECAY: f64 = 0.999;
/// By how much each answer reduces what a 429 added to the least jitter: by half in 7000 answers.
const FLOOR_DECAY: f64 = 0.9999;
/// What a first 429 adds to the server's second, in seconds.
const FIRST_MARGIN: f64 = 0.020;
/// The most that is ever added to the server's second, in seconds.
const MOST_MARGIN: f64 = 1.0;
/// The time in which half of the added margin is forgotten, in seconds.
const MARGIN_HALF_LIFE: f64 = 60.0;

/// What the response times of one endpoint reveal about when requests arrive. All figures are in seconds.
#[derive(Debug)]
pub(super) struct ArrivalEstimator {
    /// The shortest time of the present minute.
    recent: Shortest,
    /// The shortest time of the minute before.
    before: Shortest,
    /// When the present minute began.
    since: Duration,
    /// By how much an answer takes longer than the shortest one, on average.
    mean_excess: f64,
    /// How long an answer takes at most.
    longest: f64,
    /// What the way to the server is believed to vary by at most. A greater excess is taken for the server's work.
    jitter: f64,
    least_jitter: f64,
    /// What the last 429 made the margin of the server's second, at the time `refused`.
    margin: f64,
    refused: Duration,
}

/// The shortest time of a minute, and of how many answers it is the shortest.
#[derive(Debug, Clone, Copy, Default)]
struct Shortest {
    took: Option<f64>,
    count: u32,
}

/// The latest instant at which the server received a request, and for how long the server counts the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) latest: Duration,
    /// One second, and a margin after a 429.
    pub(super) second: Duration,
}

/// Whether the time of an answer says how long the way to the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The connection was open, so the request left at once.
    Reused,
    /// The connection was opened for the request, or the answer followed redirects: the time includes more than the way.
    New,
}

impl Default for ArrivalEstimator {
    fn default() -> Self {
        Self {
            recent: Shortest::default(),
            before: Shortest::default(),
            since: Duration::ZERO,
            mean_excess: 0.0,
            longest: 0.0,
            jitter: MOST_JITTER,
            least_jitter: LEAST_JITTER,
            margin: 0.0,
            refused: Duration::ZERO,
        }
    }
}

impl ArrivalEstimator {
    /// Learns from an answer, and returns when the server received its request at the latest. The result assumes that the
    /// way there took the shortest time possible, which is right for a comparison with the next request: that one does not
    /// take less.
    pub(super) fn answered(
        &mut self,
        sent: Duration,
        answered: Duration,
        connection: Connection,
    ) -> Duration {
        let took = answered.saturating_sub(sent).as_secs_f64();
        self.longest = took.max(self.longest * JITTER_DECAY);
        let reused = connection == Connection::Reused;
        if reused {
            self.learn(took, answered);
        }
        let uncertain = (took - self.shortest()).max(0.0);
        // A new connection is opened before the request leaves, which may take any time.
        let believed = if reused { uncertain.min(self.jitter) } else { uncertain };
        sent + Duration::from_secs_f64(believed)
    }

    /// When the server received a request at the latest whose answer the process no longer waits for.
    pub(super) fn abandoned(&self, sent: Duration, now: Duration) -> Duration {
        now.max(sent + Duration::from_secs_f64((self.longest - self.shortest()).clamp(0.0, MOST_JITTER)))
    }

    /// Until when a server may work on a request that the process gave up: for as long as the longest answer took.
    pub(super) fn works_until(&self, sent: Duration, now: Duration) -> Duration {
        (sent + Duration::from_secs_f64(self.longest))
            .max(now + Duration::from_secs_f64(self.shortest().max(0.01)))
    }

    /// Becomes more careful: the server answered 429, so an estimate was too early.
    pub(super) fn refused(&mut self, now: Duration) {
        self.margin = (2.0 * self.margin(now)).clamp(FIRST_MARGIN, MOST_MARGIN);
        self.refused = now;
        self.least_jitter = (2.0 * self.least_jitter).min(MOST_JITTER);
        self.jitter = (2.0 * self.jitter).clamp(self.least_jitter, MOST_JITTER);
    }

    /// How long the server counts a request: a second and the present margin.
    pub(super) fn second(&self, now: Duration) -> Duration {
        SECOND + Duration::from_secs_f64(self.margin(now))
    }

    fn margin(&self, now: Duration) -> f64 {
        let age = now.saturating_sub(self.refused).as_secs_f64();
        let margin = self.margin * (-age / MARGIN_HALF_LIFE).exp2();
        if margin < 0.001 { 0.0 } else { margin }
    }

    fn learn(&mut self, took: f64, now: Duration) {
        if now.saturating_sub(self.since) > MEMORY {
            self.before = self.recent;
            self.recent = Shortest::default();
            self.since = now;
        }
        self.recent.took = Some(self.recent.took.map_or(took, |shortest| shortest.min(took)));
        self.recent.count = self.recent.count.saturating_add(1);
        let excess = took - self.seen().unwrap_or(took);
        self.mean_excess += (excess - self.mean_excess) / f64::from(self.samples().min(32));
        self.least_jitter = (self.least_jitter * FLOOR_DECAY).max(LEAST_JITTER);
        if self.mean_excess > WORTHWHILE {
            self.jitter = (self.jitter * JITTER_DECAY).max(self.least_jitter);
        }
    }

    /// The shortest time that a way there and back may take.
    fn shortest(&self) -> f64 {
        let samples = self.samples();
        match self.seen() {
            Some(seen) if samples >= LEAST_SAMPLES => {
                (seen - CAUTION * 2.0 * self.mean_excess / f64::from(samples)).max(0.0)
            }
            _ => 0.0,
        }
    }

    fn seen(&self) -> Option<f64> {
        [self.recent.took, self.before.took].into_iter().flatten().reduce(f64::min)
    }

    fn samples(&self) -> u32 {
        self.recent.count.saturating_add(self.before.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The estimated latest arrival of a request that took `took` milliseconds, in milliseconds after it was sent.
    fn latest(estimator: &mut ArrivalEstimator, took: u64, connection: Connection) -> u128 {
        let sent = ms(500);
        estimator.answered(sent, sent + ms(took), connection).saturating_sub(sent).as_millis()
    }

    fn seasoned(took: u64, answers: usize) -> ArrivalEstimator {
        let mut estimator = ArrivalEstimator::default();
        for _ in 0..answers {
            latest(&mut estimator, took, Connection::Reused);
        }
        estimator
    }

    #[test]
    fn the_answer_itself_is_all_that_is_known_at_first() {
        assert_eq!(latest(&mut ArrivalEstimator::default(), 120, Connection::Reused), 120);
    }

    #[test]
    fn the_shortest_time_is_accounted_for_and_the_rest_is_not() {
        let mut estimator = seasoned(80, 100);
        assert_eq!(latest(&mut estimator, 80, Connection::Reused), 0);
        let late = latest(&mut estimator, 130, Connection::Reused);
        assert!((50..60).contains(&late), "{late}");
    }

    #[test]
    fn few_answers_are_not_taken_for_the_shortest() {
        let mut estimator = ArrivalEstimator::default();
        for took in [100, 150, 120, 140, 130, 110, 125, 135, 145] {
            latest(&mut estimator, took, Connection::Reused);
        }
        assert!(latest(&mut estimator, 100, Connection::Reused) > 20, "there may be a shorter one yet");
    }

    #[test]
    fn a_new_connection_says_nothing_about_the_way() {
        let mut estimator = ArrivalEstimator::default();
        for _ in 0..100 {
            assert_eq!(latest(&mut estimator, 300, Connection::New), 300);
        }
    }

    #[test]
    fn the_servers_work_is_separated_from_the_way_in_time_and_a_429_undoes_that() {
        let mut estimator = ArrivalEstimator::default();
        for round in 0..4000 {
            latest(&mut estimator, if round % 2 == 0 { 100 } else { 700 }, Connection::Reused);
        }
        assert_eq!(latest(&mut estimator, 700, Connection::Reused), 60);
        estimator.refused(ms(0));
        assert!(latest(&mut estimator, 700, Connection::Reused) >= 119);
        assert!(latest(&mut estimator, 700, Connection::New) >= 599);
    }

    #[test]
    fn a_quiet_network_gives_no_reason_for_optimism() {
        let mut estimator = seasoned(50, 10_000);
        assert!(latest(&mut estimator, 500, Connection::Reused) >= 449);
    }

    #[test]
    fn a_429_makes_the_second_longer_for_a_while() {
        let mut estimator = ArrivalEstimator::default();
        assert_eq!(estimator.second(ms(0)), ms(1000));
        estimator.refused(ms(0));
        assert_eq!(estimator.second(ms(0)), ms(1020));
        estimator.refused(ms(0));
        assert_eq!(estimator.second(ms(0)), ms(1040));
        assert_eq!(estimator.second(ms(60_000)), ms(1020));
        assert_eq!(estimator.second(ms(600_000)), ms(1000));
        for _ in 0..20 {
            estimator.refused(ms(0));
        }
        assert_eq!(estimator.second(ms(0)), ms(2000));
    }

    #[test]
    fn an_abandoned_request_may_still_be_on_its_way() {
        let mut estimator = seasoned(20, 100);
        latest(&mut estimator, 220, Connection::Reused);
        assert!(estimator.abandoned(ms(1000), ms(1001)) >= ms(1199));
        assert_eq!(estimator.abandoned(ms(1000), ms(3000)), ms(3000));
        assert!(estimator.works_until(ms(1000), ms(1001)) >= ms(1219));
        assert!(estimator.works_until(ms(1000), ms(3000)) > ms(3000));
    }
}

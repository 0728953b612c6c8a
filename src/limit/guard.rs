//! [`Guard`]: when the server received a request at the latest, judged by when its answer came. Pure.
//!
//! A request that left at `s` and was answered at `h` was received in between. No way there and back is shorter than the
//! shortest that was seen, so that much of `h - s` is accounted for, and only the rest is uncertain: nothing on a quiet
//! network, and on a busy one what this very request met with. That is all that is waited for; no fixed share is wasted.

use std::time::Duration;

/// How long the shortest way there and back is believed in, once or twice: routes change.
const MEMORY: Duration = Duration::from_secs(60);
/// So many answers have to be seen before the shortest of them says anything.
const LEAST_SAMPLES: u32 = 8;
/// The shortest of `n` ways exceeds the shortest possible by about one n-th of what ways vary by. So many n-ths are left
/// for it: the chance that it is more is e to the power of minus this.
const CAUTION: f64 = 6.0;
/// From how much uncertainty a request, on average, it is worth to be optimistic: below it costs two percent.
const WORTHWHILE: f64 = 0.020;
/// What optimism begins with: the whole uncertainty, up to a second, is waited for.
const PESSIMISM: f64 = 1.0;
/// The least that the way to the server may vary by.
const LEAST_REACH: f64 = 0.060;
/// How fast optimism grows with each answer, and what a 429 taught is forgotten: half in 700 and in 7000 answers.
const OPTIMISM: f64 = 0.999;
const FORGIVENESS: f64 = 0.9999;
/// What is added to a second after a first 429.
const FIRST_MARGIN: f64 = 0.020;
/// The most that is.
const MOST_MARGIN: f64 = 1.0;
/// Half of it is forgotten in so many seconds.
const MARGIN_HALF_LIFE: f64 = 60.0;

/// What the times of an endpoint's answers tell. Its figures are in seconds.
#[derive(Debug)]
pub(super) struct Guard {
    /// The shortest way there and back, of this minute and of the one before, and of how many each.
    recent: Shortest,
    before: Shortest,
    since: Duration,
    /// By how much an answer takes longer than the shortest, on average, and how long it takes at most.
    surplus: f64,
    longest: f64,
    /// What the way to the server is believed to vary by at most. More of a surplus is work of the server.
    reach: f64,
    least_reach: f64,
    /// What is added to a second after a 429, as of `refused`.
    margin: f64,
    refused: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
struct Shortest {
    trip: Option<f64>,
    count: u32,
}

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trip {
    /// On a connection that was there: the request left at once.
    Direct,
    /// On a new connection, or after redirects: it took longer than the way to the server does.
    Roundabout,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            recent: Shortest::default(),
            before: Shortest::default(),
            since: Duration::ZERO,
            surplus: 0.0,
            longest: 0.0,
            reach: PESSIMISM,
            least_reach: LEAST_REACH,
            margin: 0.0,
            refused: Duration::ZERO,
        }
    }
}

impl Guard {
    /// Learns from an answer, and tells when the server received its request at the latest. (As if the way there took the
    /// shortest time that it can: that of the next request is no shorter.)
    pub(super) fn answered(&mut self, sent: Duration, answered: Duration, trip: Trip) -> Duration {
        let took = answered.saturating_sub(sent).as_secs_f64();
        self.longest = took.max(self.longest * OPTIMISM);
        let direct = trip == Trip::Direct;
        if direct {
            self.learn(took, answered);
        }
        let uncertain = (took - self.shortest()).max(0.0);
        // A new connection is made before the request leaves, and may take any time.
        let believed = if direct { uncertain.min(self.reach) } else { uncertain };
        sent + Duration::from_secs_f64(believed)
    }

    /// When the server received a request at the latest whose answer nobody waits for.
    pub(super) fn abandoned(&self, sent: Duration, now: Duration) -> Duration {
        now.max(sent + Duration::from_secs_f64((self.longest - self.shortest()).clamp(0.0, PESSIMISM)))
    }

    /// Until when a server may work on a request that nobody waits for: as long as the longest took.
    pub(super) fn works_until(&self, sent: Duration, now: Duration) -> Duration {
        (sent + Duration::from_secs_f64(self.longest))
            .max(now + Duration::from_secs_f64(self.shortest().max(0.01)))
    }

    /// Was too optimistic: the server answered 429.
    pub(super) fn refused(&mut self, now: Duration) {
        self.margin = (2.0 * self.margin(now)).clamp(FIRST_MARGIN, MOST_MARGIN);
        self.refused = now;
        self.least_reach = (2.0 * self.least_reach).min(PESSIMISM);
        self.reach = (2.0 * self.reach).clamp(self.least_reach, PESSIMISM);
    }

    /// What the server's second is taken for.
    pub(super) fn second(&self, now: Duration) -> Duration {
        super::window::SECOND + Duration::from_secs_f64(self.margin(now))
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
        self.recent.trip = Some(self.recent.trip.map_or(took, |trip| trip.min(took)));
        self.recent.count = self.recent.count.saturating_add(1);
        let surplus = took - self.seen().unwrap_or(took);
        self.surplus += (surplus - self.surplus) / f64::from(self.samples().min(32));
        self.least_reach = (self.least_reach * FORGIVENESS).max(LEAST_REACH);
        if self.surplus > WORTHWHILE {
            self.reach = (self.reach * OPTIMISM).max(self.least_reach);
        }
    }

    /// The shortest way there and back that there may be.
    fn shortest(&self) -> f64 {
        let samples = self.samples();
        match self.seen() {
            Some(seen) if samples >= LEAST_SAMPLES => {
                (seen - CAUTION * 2.0 * self.surplus / f64::from(samples)).max(0.0)
            }
            _ => 0.0,
        }
    }

    fn seen(&self) -> Option<f64> {
        [self.recent.trip, self.before.trip].into_iter().flatten().reduce(f64::min)
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

    /// By how many milliseconds after its sending a request that took so long was received at the latest.
    fn latest(guard: &mut Guard, took: u64, trip: Trip) -> u128 {
        let sent = ms(500);
        guard.answered(sent, sent + ms(took), trip).saturating_sub(sent).as_millis()
    }

    fn seasoned(took: u64, answers: usize) -> Guard {
        let mut guard = Guard::default();
        for _ in 0..answers {
            latest(&mut guard, took, Trip::Direct);
        }
        guard
    }

    #[test]
    fn the_answer_itself_is_all_that_is_known_at_first() {
        assert_eq!(latest(&mut Guard::default(), 120, Trip::Direct), 120);
    }

    #[test]
    fn the_shortest_way_is_accounted_for_and_the_rest_is_not() {
        let mut guard = seasoned(80, 100);
        assert_eq!(latest(&mut guard, 80, Trip::Direct), 0);
        let late = latest(&mut guard, 130, Trip::Direct);
        assert!((50..60).contains(&late), "{late}");
    }

    #[test]
    fn few_answers_are_not_taken_for_the_shortest() {
        let mut guard = Guard::default();
        for took in [100, 150, 120, 140, 130, 110, 125, 135, 145] {
            latest(&mut guard, took, Trip::Direct);
        }
        assert!(latest(&mut guard, 100, Trip::Direct) > 20, "there may be a shorter one yet");
    }

    #[test]
    fn a_new_connection_says_nothing_of_the_way() {
        let mut guard = Guard::default();
        for _ in 0..100 {
            assert_eq!(latest(&mut guard, 300, Trip::Roundabout), 300);
        }
    }

    #[test]
    fn work_of_the_server_is_told_from_the_way_in_time_and_a_429_undoes_that() {
        let mut guard = Guard::default();
        for round in 0..4000 {
            latest(&mut guard, if round % 2 == 0 { 100 } else { 700 }, Trip::Direct);
        }
        assert_eq!(latest(&mut guard, 700, Trip::Direct), 60);
        guard.refused(ms(0));
        assert!(latest(&mut guard, 700, Trip::Direct) >= 119);
        assert!(latest(&mut guard, 700, Trip::Roundabout) >= 599);
    }

    #[test]
    fn a_quiet_network_gives_no_reason_for_optimism() {
        let mut guard = seasoned(50, 10_000);
        assert!(latest(&mut guard, 500, Trip::Direct) >= 449);
    }

    #[test]
    fn a_429_makes_the_second_longer_for_a_while() {
        let mut guard = Guard::default();
        assert_eq!(guard.second(ms(0)), ms(1000));
        guard.refused(ms(0));
        assert_eq!(guard.second(ms(0)), ms(1020));
        guard.refused(ms(0));
        assert_eq!(guard.second(ms(0)), ms(1040));
        assert_eq!(guard.second(ms(60_000)), ms(1020));
        assert_eq!(guard.second(ms(600_000)), ms(1000));
        for _ in 0..20 {
            guard.refused(ms(0));
        }
        assert_eq!(guard.second(ms(0)), ms(2000));
    }

    #[test]
    fn what_nobody_waits_for_may_still_be_on_its_way() {
        let mut guard = seasoned(20, 100);
        latest(&mut guard, 220, Trip::Direct);
        assert!(guard.abandoned(ms(1000), ms(1001)) >= ms(1199));
        assert_eq!(guard.abandoned(ms(1000), ms(3000)), ms(3000));
        assert!(guard.works_until(ms(1000), ms(1001)) >= ms(1219));
        assert!(guard.works_until(ms(1000), ms(3000)) > ms(3000));
    }
}

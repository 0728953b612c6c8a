//! [`ResponseTime`]: how long an endpoint takes to answer.

use std::time::Duration;

/// A smoothed mean and deviation of an endpoint's response times, as TCP keeps them for its timeouts (RFC 6298 section 2).
#[derive(Debug, Default)]
pub(super) struct ResponseTime {
    mean: Option<Duration>,
    deviation: Duration,
}

impl ResponseTime {
    /// Adds the time that one answer took.
    pub(super) fn record(&mut self, took: Duration) {
        let Some(mean) = self.mean else {
            self.mean = Some(took);
            self.deviation = took / 2;
            return;
        };
        self.deviation = (self.deviation * 3 + mean.abs_diff(took)) / 4;
        self.mean = Some((mean * 7 + took) / 8);
    }

    /// The time within which nearly every answer comes, once there was one.
    pub(super) fn upper_bound(&self) -> Option<Duration> {
        self.mean.map(|mean| mean + (self.deviation * 4).max(mean / 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_close_to_steady_times_and_above_varying_ones() {
        let ms = Duration::from_millis;
        let mut times = ResponseTime::default();
        assert_eq!(times.upper_bound(), None);
        times.record(ms(300));
        assert_eq!(times.upper_bound(), Some(ms(900)));
        for _ in 0..30 {
            times.record(ms(300));
        }
        assert_eq!(times.upper_bound(), Some(ms(375)));
        for took in [100, 500].into_iter().cycle().take(100) {
            times.record(ms(took));
        }
        assert!(times.upper_bound() > Some(ms(500)), "{times:?}");
        for _ in 0..60 {
            times.record(ms(20));
        }
        assert!(times.upper_bound() < Some(ms(40)), "{times:?}");
    }
}

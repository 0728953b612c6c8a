//! [`Usual`]: how long an endpoint usually takes to answer. Pure.

use std::time::Duration;

/// A smoothed mean and deviation, as TCP keeps them for its timeouts (RFC 6298 section 2).
#[derive(Debug, Default)]
pub(super) struct Usual {
    mean: Option<Duration>,
    deviation: Duration,
}

impl Usual {
    /// An answer took so long.
    pub(super) fn learn(&mut self, took: Duration) {
        let Some(mean) = self.mean else {
            self.mean = Some(took);
            self.deviation = took / 2;
            return;
        };
        self.deviation = (self.deviation * 3 + mean.abs_diff(took)) / 4;
        self.mean = Some((mean * 7 + took) / 8);
    }

    /// How long nearly every answer takes, if there were any.
    pub(super) fn most(&self) -> Option<Duration> {
        self.mean.map(|mean| mean + (self.deviation * 4).max(mean / 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_near_what_is_steady_and_above_what_varies() {
        let ms = Duration::from_millis;
        let mut usual = Usual::default();
        assert_eq!(usual.most(), None);
        usual.learn(ms(300));
        assert_eq!(usual.most(), Some(ms(900)));
        for _ in 0..30 {
            usual.learn(ms(300));
        }
        assert_eq!(usual.most(), Some(ms(375)));
        for took in [100, 500].into_iter().cycle().take(100) {
            usual.learn(ms(took));
        }
        assert!(usual.most() > Some(ms(500)), "{usual:?}");
        for _ in 0..60 {
            usual.learn(ms(20));
        }
        assert!(usual.most() < Some(ms(40)), "{usual:?}");
    }
}

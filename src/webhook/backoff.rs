//! [`backoff`]: how long a failed event waits before it is handled again. Pure.

use std::time::Duration;

/// The wait after the first failure. It grows fourfold up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// By what share a wait varies, so that events that failed together are not repeated together.
const SPREAD: f64 = 0.1;

/// The wait after `attempts` failures. `fraction` is in `[0, 1)`, and says where in its spread the wait is.
pub(super) fn backoff(attempts: u32, fraction: f64) -> Duration {
    let growth = 4_u32.saturating_pow(attempts.saturating_sub(1));
    let wait = FIRST.saturating_mul(growth).min(LONGEST);
    wait.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_fourfold_up_to_six_hours() {
        let seconds: Vec<_> = (1..=10).map(|attempts| backoff(attempts, 0.5).as_secs()).collect();
        assert_eq!(seconds, [5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600, 21600]);
        assert_eq!(backoff(u32::MAX, 0.5), LONGEST);
    }

    #[test]
    fn a_wait_varies_by_a_tenth() {
        assert_eq!(backoff(2, 0.0), Duration::from_secs(18));
        assert!(backoff(2, 0.999) < Duration::from_secs(22));
    }
}

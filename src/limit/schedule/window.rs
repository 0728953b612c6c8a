//! [`Window`]: the requests that the server may count in its present second.
//!
//! A token bucket of ten per second lets nineteen requests through within one second: ten that were saved up, and nine that
//! drip in. This is a log of places instead, one for each request that the limit allows. A request takes a place when it
//! gets its turn, and frees it one second after the *latest* instant at which the server can have received the request. So
//! two requests in one place are received at least a second apart, and no second, wherever it begins, sees more requests
//! than there are places, as far as that instant is right. It is an estimate; `arrival.rs` explains how certain it is.

use std::time::Duration;

/// The span over which the server counts requests.
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// The places of one endpoint's requests.
#[derive(Debug)]
pub(super) struct Window {
    limit: usize,
    /// The places that are taken. There are more than `limit` after the limit was lowered.
    taken: Vec<Place>,
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    ticket: u64,
    /// From when on the place is free. Unknown until the answer comes.
    free: Option<Duration>,
    /// How many places were taken when this one was, itself included.
    with: usize,
    /// When the place was taken.
    since: Duration,
}

/// When a request can get its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// The request can get its turn now.
    Now,
    /// The request can get its turn from this time on, if nothing changes.
    At(Duration),
    /// The time depends on an answer that has not come.
    Unknown,
}

impl Window {
    /// Creates a window with `limit` free places, at least one.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), taken: Vec::new(), last: 0 }
    }

    /// Changes the number of places, to at least one.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
    }

    /// The number of places that are taken.
    pub(super) fn used(&self, now: Duration) -> usize {
        self.taken.iter().filter(|place| place.is_taken(now)).count()
    }

    /// When a place is free.
    pub(super) fn opening(&self, now: Duration) -> Opening {
        let used = self.used(now);
        let Some(too_many) = (used + 1).checked_sub(self.limit).filter(|count| *count > 0) else {
            return Opening::Now;
        };
        let mut known: Vec<_> =
            self.taken.iter().filter_map(|place| place.free).filter(|free| *free > now).collect();
        known.sort_unstable();
        known.get(too_many - 1).map_or(Opening::Unknown, |free| Opening::At(*free))
    }

    /// When a request with `ahead` others before it can have a place at the earliest. A place whose end is unknown is
    /// taken for a second at least, as is the place of each request before.
    pub(super) fn earliest(&self, ahead: usize, now: Duration) -> Duration {
        let taken = self.taken.iter().filter(|place| place.is_taken(now));
        let mut free: Vec<_> =
            taken.map(|place| place.free.unwrap_or((place.since + SECOND).max(now))).collect();
        free.resize(free.len().max(self.limit), now);
        free.sort_unstable();
        // If more places are taken than the limit allows, the first ones that end become no free place.
        let free = free.get(free.len() - self.limit..).unwrap_or_default();
        let turns = u32::try_from(ahead / self.limit).unwrap_or(u32::MAX);
        free.get(ahead % self.limit).map_or(now, |free| *free + SECOND.saturating_mul(turns))
    }

    /// Takes a place for a request that is sent now or later, and returns its ticket, if a place is free.
    pub(super) fn take(&mut self, now: Duration) -> Option<u64> {
        self.taken.retain(|place| place.is_taken(now));
        if self.taken.len() >= self.limit {
            return None;
        }
        self.last += 1;
        self.taken.push(Place { ticket: self.last, free: None, with: self.taken.len() + 1, since: now });
        Some(self.last)
    }

    /// Frees a place at once, since its request was never sent.
    pub(super) fn cancel(&mut self, ticket: u64) {
        self.taken.retain(|place| place.ticket != ticket);
    }

    /// Frees a place `span` after `latest`, the last instant at which its request can have reached the server.
    pub(super) fn received(&mut self, ticket: u64, latest: Duration, span: Duration) {
        if let Some(place) = self.taken.iter_mut().find(|place| place.ticket == ticket) {
            place.free = Some(latest + span);
        }
    }

    /// The most requests that the server can have counted together with this one, as far as this process knows: those of the
    /// same second before it, itself, and all since.
    pub(super) fn at_most_with(&self, ticket: u64) -> usize {
        let with =
            self.taken.iter().find(|place| place.ticket == ticket).map_or(self.limit, |place| place.with);
        with + usize::try_from(self.last.saturating_sub(ticket)).unwrap_or(usize::MAX)
    }

    /// Takes places for `count` requests of other processes that the server had counted by `latest`.
    pub(super) fn occupy(&mut self, count: usize, latest: Duration, span: Duration) {
        let place = Place { ticket: 0, free: Some(latest + span), with: 0, since: latest };
        let most = self.limit.saturating_sub(self.taken.len().min(self.limit));
        self.taken.extend(std::iter::repeat_n(place, count.min(most)));
        // The next answer counts these requests too, and must not add them again.
        self.last += count as u64;
    }
}

impl Place {
    fn is_taken(&self, now: Duration) -> bool {
        self.free.is_none_or(|free| free > now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_place_is_free_a_second_after_the_server_received_its_request() {
        let mut window = Window::new(2);
        let first = window.take(ms(0)).unwrap();
        let second = window.take(ms(5)).unwrap();
        assert_eq!(window.take(ms(10)), None);
        assert_eq!(window.opening(ms(10)), Opening::Unknown);
        window.received(second, ms(8), SECOND);
        assert_eq!(window.opening(ms(10)), Opening::At(ms(1008)));
        window.received(first, ms(20), SECOND);
        assert_eq!(window.opening(ms(20)), Opening::At(ms(1008)), "whichever is free first");
        assert_eq!(window.take(ms(1007)), None);
        assert!(window.take(ms(1008)).is_some());
        assert_eq!((window.used(ms(1019)), window.used(ms(1020))), (2, 1));
    }

    #[test]
    fn the_earliest_place_is_known_before_it_is_free() {
        let mut window = Window::new(2);
        assert_eq!(
            [0, 1, 2, 5].map(|ahead| window.earliest(ahead, ms(7))),
            [ms(7), ms(7), ms(1007), ms(2007)]
        );
        let first = window.take(ms(0)).unwrap();
        window.received(first, ms(300), SECOND);
        window.take(ms(300)).unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|ahead| window.earliest(ahead, ms(400))),
            [1300, 1300, 2300, 2300].map(ms)
        );
        window.set_limit(1);
        assert_eq!([0, 1].map(|ahead| window.earliest(ahead, ms(400))), [1300, 2300].map(ms));
    }

    #[test]
    fn a_request_that_was_never_sent_takes_no_place() {
        let mut window = Window::new(1);
        let ticket = window.take(ms(0)).unwrap();
        window.cancel(ticket);
        assert_eq!(window.opening(ms(0)), Opening::Now);
    }

    #[test]
    fn a_lower_limit_waits_until_enough_places_are_free() {
        let mut window = Window::new(3);
        for at in [0, 100, 200] {
            let ticket = window.take(ms(at)).unwrap();
            window.received(ticket, ms(at), SECOND);
        }
        window.set_limit(2);
        assert_eq!(window.opening(ms(200)), Opening::At(ms(1100)));
        window.set_limit(1);
        assert_eq!(
            window.opening(ms(1000)),
            Opening::At(ms(1200)),
            "a place that is free by now does not count"
        );
        window.set_limit(5);
        assert_eq!(window.opening(ms(200)), Opening::Now);
    }

    #[test]
    fn requests_of_other_processes_take_places() {
        let mut window = Window::new(10);
        let ticket = window.take(ms(0)).unwrap();
        assert_eq!(window.at_most_with(ticket), 1);
        window.occupy(7, ms(20), SECOND);
        assert_eq!((window.used(ms(20)), window.at_most_with(ticket)), (8, 8));
        window.occupy(7, ms(20), SECOND);
        assert_eq!(window.used(ms(20)), 10, "no more than there are");
        assert_eq!(window.opening(ms(20)), Opening::At(ms(1020)));
    }

    /// One request of a schedule, in microseconds: the pause before it, its way to the server, the server's work, and the
    /// answer's way back.
    type Step = (u64, u64, u64, u64);

    /// Sends requests as early as the window allows, and returns when the server received them. `floor` is the least that
    /// way, work and way back take together.
    fn received(steps: &[Step], limit: usize, floor: u64) -> Vec<u64> {
        let us = Duration::from_micros;
        let mut window = Window::new(limit);
        // (answered, sent, ticket) of requests in flight.
        let mut flying: Vec<(u64, u64, u64)> = Vec::new();
        let (mut now, mut received) = (0, Vec::new());
        for (pause, way, work, back) in steps {
            now += pause;
            loop {
                flying.sort_unstable();
                while let Some(&(answered, sent, ticket)) = flying.first().filter(|first| first.0 <= now) {
                    let latest = sent + (answered - sent).saturating_sub(floor);
                    window.received(ticket, us(latest), SECOND);
                    flying.remove(0);
                }
                if let Some(ticket) = window.take(us(now)) {
                    received.push(now + way);
                    flying.push((now + way + work + back, now, ticket));
                    break;
                }
                let answer = flying.first().map(|first| first.0);
                now = match window.opening(us(now)) {
                    Opening::Now => unreachable!("there was no place"),
                    Opening::At(free) => {
                        let free = u64::try_from(free.as_micros()).unwrap();
                        answer.map_or(free, |answer| answer.min(free))
                    }
                    Opening::Unknown => answer.unwrap(),
                };
            }
        }
        received.sort_unstable();
        received
    }

    proptest! {
        #[test]
        fn no_second_of_the_server_sees_more_than_the_limit(
            limit in 1_usize..12,
            shortest in (0_u64..40_000, 0_u64..300_000, 0_u64..40_000),
            jitter in 0_u64..200_000,
            steps in prop::collection::vec((0_u64..3, 0.0..1.0, 0.0..1.0, 0.0..1.0), 20..200),
        ) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
            let vary = |least: u64, share: f64| least + (share * jitter as f64) as u64;
            let steps: Vec<Step> = steps
                .iter()
                .map(|(pause, way, work, back)| {
                    // Mostly none, so that the window is what holds back.
                    let pause = if *pause == 0 { 70_000 } else { 0 };
                    (pause, vary(shortest.0, *way), vary(shortest.1, *work), vary(shortest.2, *back))
                })
                .collect();
            let received = received(&steps, limit, shortest.0 + shortest.1 + shortest.2);
            for (first, beyond) in received.iter().zip(received.iter().skip(limit)) {
                prop_assert!(beyond - first >= 1_000_000, "{} requests within {} us", limit + 1, beyond - first);
            }
            // No request waits longer than necessary: each place waits for the jitter of its own request and no more.
            let span = received.last().unwrap() - received.first().unwrap();
            let slowest = 1_000_000 + 3 * jitter + shortest.0 + shortest.1 + shortest.2;
            let turns = (received.len() as u64).div_ceil(limit as u64);
            prop_assert!(span <= turns * slowest + 70_000 * received.len() as u64, "{span} us");
        }
    }
}

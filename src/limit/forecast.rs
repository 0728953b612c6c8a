//! What a [`Limiter`] can tell of a turn before it comes: when it can come at the earliest, and what holds it up.

use std::time::Duration;

use super::bucket::Bucket;
use super::endpoint::Endpoint;
use super::limiter::{Limiter, State};
use crate::http::Priority;

impl Limiter {
    /// How long a call to this endpoint that comes now has to wait at least, whatever becomes of the calls before it.
    pub fn least_wait(&self, endpoint: &Endpoint, priority: Priority) -> Duration {
        let now = self.now();
        let mut state = self.state();
        let index = state.index(endpoint);
        state.bucket(index).map_or(Duration::ZERO, |bucket| bucket.least_wait(priority, now))
    }

    /// Answers that nobody reads on and that hold up the calls to this endpoint: to which endpoint they are, and how many.
    pub fn unread(&self, endpoint: &Endpoint) -> Option<(String, usize)> {
        let now = self.now();
        let mut state = self.state();
        let index = state.index(endpoint);
        state.unread(index, now).map(|bucket| (bucket.endpoint.name().to_owned(), bucket.unread))
    }
}

impl State {
    fn unread(&self, index: usize, now: Duration) -> Option<&Bucket> {
        let own = self.buckets.get(index)?;
        if own.unread > 0 && !own.has_slot(self.chosen(), now) {
            return Some(own);
        }
        if self.has_slot(now) {
            return None;
        }
        let most =
            if own.unread > 0 { Some(own) } else { self.buckets.iter().max_by_key(|bucket| bucket.unread) };
        most.filter(|bucket| bucket.unread > 0)
    }
}

impl Bucket {
    fn least_wait(&self, priority: Priority, now: Duration) -> Duration {
        let free = self.window.earliest(self.queue.ahead_of(priority), now);
        free.max(self.paused_until()).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use http::Method;
    use tokio::time::sleep;

    use super::*;
    use crate::http::{BaseUrl, Target, UntilEnd as _};
    use crate::limit::answer::LimitHeaders;
    use crate::limit::endpoint::Endpoints;
    use crate::limit::guard::Trip;
    use crate::limit::permit::Permit;

    fn endpoint(path: &str) -> Endpoint {
        let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
        let target = Target::parse(&base, path, &[], &[]).unwrap();
        Endpoints::documented().of(&Method::GET, &target)
    }

    fn permit(limiter: &Arc<Limiter>, path: &str) -> Permit {
        let endpoint = endpoint(path);
        let admitted = limiter.admit(&endpoint, Priority::Interactive, false, 100);
        let mut permit = admitted.now_or_never().unwrap().unwrap();
        permit.leaves();
        permit
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_foreseen_by_the_places_and_by_those_who_wait() {
        let limiter = Limiter::new();
        let jobs = endpoint("/jobs");
        assert_eq!(limiter.least_wait(&jobs, Priority::Interactive), Duration::ZERO);
        for _ in 0..10 {
            let mut permit = permit(&limiter, "/jobs");
            permit.answered(&LimitHeaders::default(), Trip::Direct);
            permit.ended();
        }
        let first = limiter.least_wait(&jobs, Priority::Interactive);
        assert!((Duration::from_secs(1)..Duration::from_millis(1500)).contains(&first), "{first:?}");
        let mut waiting: Vec<_> =
            (0..20).map(|_| Box::pin(limiter.admit(&jobs, Priority::Batch, false, 100))).collect();
        for call in &mut waiting {
            assert!(call.now_or_never().is_none());
        }
        // Calls of a batch are not before an interactive one.
        assert_eq!(limiter.least_wait(&jobs, Priority::Interactive), first);
        let last = limiter.least_wait(&jobs, Priority::Batch);
        assert_eq!(last, first + Duration::from_secs(2));
        waiting.truncate(5);
        assert_eq!(limiter.least_wait(&jobs, Priority::Batch), first);
        assert_eq!(limiter.least_wait(&endpoint("/candidates"), Priority::Batch), Duration::ZERO);
        drop(waiting);
        sleep(first).await;
        assert_eq!(limiter.least_wait(&jobs, Priority::Batch), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_foreseen() {
        let limiter = Limiter::new();
        let mut refused = permit(&limiter, "/jobs");
        refused.answered(&LimitHeaders::default(), Trip::Direct);
        refused.refused(Duration::from_secs(7), &LimitHeaders::default());
        assert_eq!(limiter.least_wait(&endpoint("/jobs"), Priority::Interactive), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_unread_is_named_only_while_it_holds_places_that_others_need() {
        let limiter = Limiter::new();
        let held: Vec<_> = (0..8)
            .map(|number| {
                let mut permit = permit(&limiter, if number < 3 { "/jobs" } else { "/candidates/1" });
                permit.answered(&LimitHeaders::default(), Trip::Direct);
                permit
            })
            .collect();
        let jobs = endpoint("/jobs");
        assert_eq!(limiter.unread(&jobs), None, "they are being answered");
        let mut held = held.into_iter();
        let mut unread: Vec<_> = held.by_ref().take(5).collect();
        unread.iter_mut().for_each(Permit::handed_over);
        assert_eq!(limiter.unread(&jobs), Some(("GET /jobs".to_owned(), 3)));
        assert_eq!(limiter.unread(&endpoint("/users")), Some(("GET /jobs".to_owned(), 3)));
        drop(held);
        sleep(Duration::from_secs(600)).await;
        assert_eq!(limiter.unread(&jobs), None, "there are places");
        unread.iter_mut().for_each(Permit::ended);
        assert_eq!(limiter.limits().iter().map(|limits| limits.in_flight).sum::<usize>(), 0);
    }
}

//! [`Sharing`]: how a limiter takes its permits from where processes share them, and what it does without.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::limiter::{Limiter, State};
use super::pacing::Identity;
use super::shared::{Ask, RENEWAL, SharedWindow, Told};
use crate::error::Result;

/// How long nobody sends after the shared window was lost: so long may the server remember what others sent.
const QUIET: Duration = Duration::from_millis(1100);
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// The least between two questions.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// Where the permits of a credential come from.
#[derive(Debug)]
pub(super) struct Sharing {
    window: Arc<dyn SharedWindow>,
    identity: Identity,
    /// How many processes there were when last heard of.
    members: usize,
    /// Since when the window cannot be reached.
    lost: Option<Duration>,
    next: u64,
}

impl Sharing {
    pub(super) fn new(window: &Arc<dyn SharedWindow>, identity: Identity) -> Self {
        Self { window: Arc::clone(window), identity, members: 1, lost: None, next: 0 }
    }

    /// Whether permits come from elsewhere now.
    pub(super) fn is_reached(&self) -> bool {
        self.lost.is_none()
    }

    /// Until when nobody sends, since the window was lost.
    pub(super) fn quiet_until(&self) -> Option<Duration> {
        self.lost.map(|since| since + QUIET)
    }
}

/// One question, with what its answer is for.
struct Question {
    window: Arc<dyn SharedWindow>,
    ask: Ask,
    news: usize,
    changed: Arc<Notify>,
}

impl Limiter {
    /// Sees to it that somebody asks for permits of an endpoint, and tells what became of them.
    pub(super) fn employ(self: &Arc<Self>, bucket: usize) {
        let idle = self
            .state()
            .bucket(bucket)
            .is_some_and(|bucket| !std::mem::replace(&mut bucket.remote.has_agent, true));
        if idle {
            tokio::spawn(Arc::clone(self).keep_asking(bucket));
        }
    }

    /// Asks as long as there is anything to ask or tell.
    async fn keep_asking(self: Arc<Self>, bucket: usize) {
        while let Some(Question { window, ask, news, changed }) = self.question(bucket) {
            let (wanted, returns) = ((ask.first, ask.want), ask.returns);
            let answer = window.ask(ask).await;
            match self.hear(bucket, &answer, wanted, news) {
                // That others would be asked again and again about a server that is down helps nobody.
                None => {
                    if let Err(error) = &answer {
                        window.lost(self.members(), error);
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                Some(wait) => {
                    if returns {
                        window.restored();
                    }
                    tokio::select! {
                        () = changed.notified() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
            }
        }
    }

    fn members(&self) -> usize {
        self.state().sharing.as_ref().map_or(1, |sharing| sharing.members)
    }

    /// What to ask and tell now. None: nothing, and nobody does from now on.
    fn question(&self, index: usize) -> Option<Question> {
        let now = self.now();
        let mut state = self.state();
        let (over_all, chosen) = (state.at_once_over_all(), state.chosen());
        let State { buckets, sharing, .. } = &mut *state;
        let (bucket, sharing) = (buckets.get_mut(index)?, sharing.as_mut()?);
        let returns = !sharing.is_reached();
        let waiting = bucket.queue.waiting();
        let want = if returns { 0 } else { bucket.remote.wanted(waiting).min(bucket.per_second()) };
        if waiting == 0 && bucket.remote.is_idle() {
            bucket.remote.has_agent = false;
            return None;
        }
        let (reports, news) = bucket.remote.reports(now);
        let first = sharing.next;
        sharing.next += want as u64;
        let ask = Ask {
            identity: sharing.identity,
            endpoint: bucket.endpoint.name().to_owned(),
            per_second: bucket.per_second(),
            at_once: bucket.at_once(chosen),
            at_once_over_all: over_all,
            want,
            first,
            returns,
            reports,
        };
        let changed = Arc::clone(&bucket.remote.changed);
        Some(Question { window: Arc::clone(&sharing.window), ask, news, changed })
    }

    /// Takes an answer in. Says when to ask again; none after a failure.
    fn hear(
        &self,
        index: usize,
        answer: &Result<Told>,
        (first, want): (u64, usize),
        news: usize,
    ) -> Option<Duration> {
        self.change(index, |state, now| {
            let lost = match answer {
                Ok(told) => {
                    let mut more = false;
                    if let Some(bucket) = state.bucket(index) {
                        bucket.remote.told(news);
                        bucket.remote.granted(first, told.granted);
                        // Others have come since; after a whole second's worth, news will say when to ask.
                        more = want < bucket.per_second() && bucket.remote.is_short(bucket.queue.waiting());
                    }
                    state.reach(told.members, None);
                    return Some(if told.granted < want {
                        told.wait.clamp(LEAST_WAIT, RENEWAL)
                    } else if more {
                        LEAST_WAIT
                    } else {
                        RENEWAL
                    });
                }
                Err(_) => now,
            };
            if let Some(bucket) = state.bucket(index) {
                bucket.remote.doubtful(first, want);
            }
            let members = state.sharing.as_ref().map_or(1, |sharing| sharing.members);
            state.reach(members, Some(lost));
            None
        })
    }
}

impl State {
    /// The shared window was reached, or lost.
    fn reach(&mut self, members: usize, lost: Option<Duration>) {
        let Some(sharing) = &mut self.sharing else { return };
        sharing.members = members.max(1);
        if sharing.lost.is_some() == lost.is_some() {
            return;
        }
        sharing.lost = lost;
        if lost.is_some() {
            // Forgotten there before it is reached again.
            for bucket in &mut self.buckets {
                bucket.remote.keep(0);
            }
        }
        self.divide_by(if lost.is_some() { members } else { 1 });
    }
}

#[cfg(test)]
mod tests;

//! [`Pages`]: a list of the API, read page by page. The pure modules in `pages/` decide which page comes next; this one
//! requests it, ahead of the reader.

mod counts;
mod json_reader;
mod list;
mod next_pages;
mod page;
mod position;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::task::JoinHandle;
use url::Url;

pub use position::{PageProgress, Position};

use counts::{Counter, Counts};
use list::{List, Place, pagination};
use next_pages::NextPages;
use page::Page;
use position::{ResumePoint, read_cursor};

use super::Client;
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::http::{Observer, Report};
use crate::http::{Priority, RedirectMode, Request, RequestBody, Target, next_link};

/// Which list to read, and how.
#[derive(Debug, Clone, Default)]
pub struct PagesOptions {
    /// The path of the list, as [`Target::parse`] accepts it.
    pub path: String,
    /// Values for the `{name}`s in the path.
    pub params: Vec<(String, String)>,
    /// The query. The largest page size and the sort order that the vendor recommends are added unless the query sets
    /// them.
    pub query: Vec<(String, String)>,
    /// Headers for each request.
    pub headers: HeaderMap,
    /// The deadline of each request, measured from its start.
    pub timeout: Duration,
    /// How many pages may be requested ahead of the reader. Default: 8 if pages do not depend on each other, otherwise
    /// 1.
    pub prefetch: Option<usize>,
    /// A cursor from an earlier pass over the same path and query, at which to continue.
    pub from: Option<String>,
}

/// One page, or the end of the list.
#[derive(Debug)]
pub struct Step {
    /// The page's items as the JSON text of a list. `None` at the end of the list.
    pub items: Option<Bytes>,
    /// How far the list was read, this page included.
    pub position: Position,
}

/// One pass through a list. Dropping it aborts the requests that it has in flight.
#[derive(Debug)]
pub struct Pages {
    client: Client,
    list: List,
    headers: HeaderMap,
    timeout: Duration,
    prefetch: Option<usize>,
    upcoming: NextPages,
    /// Headers for the requests that follow, from whoever traces them.
    trace_headers: HeaderMap,
    /// Pages that were requested and not returned yet, in the order of the list.
    ahead: VecDeque<Asked>,
    /// Hashes of the URLs that were requested.
    urls: HashSet<u64>,
    /// Hashes URLs, and the ids of items.
    hasher: RandomState,
    /// The text of the last page, in a list that is read by position.
    last: Bytes,
    counter: Counter,
    /// The number of items of the first page that an earlier pass returned already.
    skip: u64,
    position: Position,
    ended: bool,
    /// Who is told of the page that is being read.
    observer: Option<Observer>,
}

impl Pages {
    /// A pass from the list's beginning or from a cursor. The first request is sent by [`Self::next`].
    pub fn new(client: Client, options: PagesOptions) -> Result<Self> {
        let PagesOptions { path, params, query, headers, timeout, prefetch, from } = options;
        let list = List::new(client.base(), &path, params, query)?;
        let fingerprint = list.fingerprint()?;
        let (start, counts) = match from {
            Some(cursor) => read_cursor(&cursor, &fingerprint)?,
            None => (ResumePoint { place: Some(Place::Start), skip: 0 }, Counts::default()),
        };
        let position = Position {
            fingerprint: fingerprint.into(),
            here: start.clone(),
            items: 0,
            following: start.clone(),
            counts,
            earlier: counts.done,
            began: None,
            clock: Arc::clone(&client.clock),
        };
        let skip = start.skip;
        let ended = start.place.is_none();
        Ok(Self {
            upcoming: NextPages::from(start.place.unwrap_or(Place::Start)),
            client,
            list,
            headers,
            trace_headers: HeaderMap::new(),
            timeout,
            prefetch,
            ahead: VecDeque::new(),
            urls: HashSet::new(),
            hasher: RandomState::new(),
            last: Bytes::new(),
            counter: Counter::from(counts),
            skip,
            position,
            ended,
            observer: None,
        })
    }

    /// How far the list was read: to the end of the page that was returned last.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whether [`Self::next`] would return the end of the list without a request.
    pub fn is_at_end(&self) -> bool {
        self.ended || (self.ahead.is_empty() && self.upcoming.peek().is_none())
    }

    /// Like [`Self::next`], observed: the requests that are sent from now on have these headers too, and `observer` is
    /// told of the attempts at the pages that are read.
    pub async fn next_observed(&mut self, headers: HeaderMap, observer: &Observer) -> Result<Step> {
        self.trace_headers = headers;
        self.observer = Some(observer.clone());
        let step = self.next().await;
        self.observer = None;
        step
    }

    /// The next page that has items which were not returned yet. After an error the list counts as ended.
    pub async fn next(&mut self) -> Result<Step> {
        let began = *self.position.began.get_or_insert_with(|| self.client.clock.now());
        let items = if self.ended { Ok(None) } else { self.step(began).await };
        if !matches!(items, Ok(Some(_))) {
            self.ended = true;
            self.ahead.clear();
        }
        Ok(Step { items: items?, position: self.position.clone() })
    }

    /// Aborts the requests in flight, and waits until they have ended.
    pub async fn stop(mut self) {
        for asked in &mut self.ahead {
            asked.answer.abort();
        }
        for asked in &mut self.ahead {
            // Whether it was aborted or had finished makes no difference.
            let _ = (&mut asked.answer).await;
        }
    }

    async fn step(&mut self, began: Moment) -> Result<Option<Bytes>> {
        loop {
            self.ask(self.at_once().max(1));
            let Some(asked) = self.ahead.front_mut() else {
                self.end(began);
                return Ok(None);
            };
            let answer = (&mut asked.answer).await;
            asked.tell(self.observer.as_ref());
            let place = asked.place.clone();
            self.ahead.pop_front();
            let Answer { mut page, link } =
                answer.map_err(|_| Error::Internal { problem: "a request for a page panicked" })??;
            if page.next.is_none() {
                page.next = link.map(|(url, link)| self.list.link(&url, &link));
            }
            self.upcoming.learn(&self.list, &place, &page);
            self.refuse_repetition(&page)?;
            if page.ids.is_empty() {
                // The pages in flight lie behind the end of the list.
                self.ahead.clear();
                continue;
            }
            self.ask(self.at_once());
            let skipped = std::mem::take(&mut self.skip);
            let skip = usize::try_from(skipped).unwrap_or(usize::MAX);
            self.counter.add(&page, skip, self.upcoming.is_by_position(), self.list.first().unwrap_or(0));
            let Some(text) = page.after(skip) else { continue };
            let here = ResumePoint { place: Some(place), skip: skipped };
            self.stand(began, here, (page.ids.len() - skip) as u64);
            return Ok(Some(text));
        }
    }

    fn at_once(&self) -> usize {
        self.prefetch.unwrap_or_else(|| self.upcoming.at_once())
    }

    /// Requests pages until `most` are in flight or no further page is known.
    fn ask(&mut self, most: usize) {
        while self.ahead.len() < most
            && let Some(place) = self.upcoming.ask()
        {
            let target = self.target(&place);
            let (client, hasher) = (self.client.clone(), self.hasher.clone());
            let (mut headers, timeout) = (self.headers.clone(), self.timeout);
            headers.extend(self.trace_headers.clone());
            let reports = self.observer.as_ref().map(|_| Arc::<Reports>::default());
            let observer = reports.clone().map(|reports| {
                Observer::new(move |report| {
                    reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
                })
            });
            let answer = tokio::spawn(async move {
                let request = Request {
                    method: Method::GET,
                    target: target?,
                    headers,
                    body: RequestBody::Empty,
                    redirect: RedirectMode::Follow,
                    idempotent: true,
                    // Prefetching would fill every free place in the limits, so single calls go first.
                    priority: Priority::Batch,
                    timeout,
                    observer,
                };
                let response = Box::pin(client.send(&request)).await?;
                let body = response.read_text().await?.unwrap_or_else(|| response.body.clone());
                Ok(Answer {
                    // Read as soon as it arrives, so that it is ready when the reader asks for it.
                    page: Page::read(&body, &hasher)?,
                    link: next_link(&response.headers).map(|link| {
                        let url = response.url.as_ref().unwrap_or_else(|| request.target.url());
                        (url.clone(), link.to_owned())
                    }),
                })
            });
            self.ahead.push_back(Asked { place, answer, reports });
        }
    }

    /// The URL of a page. Fails if a page at that URL was requested before.
    fn target(&mut self, place: &Place) -> Result<Target> {
        let target = self.list.target(place)?;
        if self.urls.insert(self.hasher.hash_one(target.url().as_str())) {
            Ok(target)
        } else {
            Err(pagination("the API named a page as the next one that it had already returned; start again"))
        }
    }

    /// A server that ignores offsets or page numbers returns its first page for each of them.
    fn refuse_repetition(&mut self, page: &Page) -> Result<()> {
        if page.ids.is_empty() || !self.upcoming.is_by_position() {
            return Ok(());
        }
        if self.last == page.text {
            return Err(pagination(
                "the API returned the same page for two places in the list; read this path with `get`",
            ));
        }
        self.last = page.text.clone();
        Ok(())
    }

    /// Updates the position for a page that is about to be returned.
    fn stand(&mut self, began: Moment, here: ResumePoint, items: u64) {
        let next = self.ahead.front().map(|asked| asked.place.clone()).or_else(|| self.upcoming.peek());
        self.position.here = here;
        self.position.items = items;
        self.position.following = ResumePoint { place: next, skip: 0 };
        self.position.counts = self.counter.counts;
        self.position.began = Some(began);
        self.counter.counts.done = self.counter.counts.done.saturating_add(items);
    }

    /// Updates the counts and the position for the end of the list.
    fn end(&mut self, began: Moment) {
        if self.list.first().is_some() {
            self.counter.end();
        }
        self.stand(began, ResumePoint { place: None, skip: 0 }, 0);
    }
}

/// A page that was requested. Dropping it aborts the request.
#[derive(Debug)]
struct Asked {
    place: Place,
    answer: JoinHandle<Result<Answer>>,
    /// The attempts, kept until the page is read: it may be requested long before that.
    reports: Option<Arc<Reports>>,
}

type Reports = Mutex<Vec<Report>>;

impl Asked {
    fn tell(&self, observer: Option<&Observer>) {
        let (Some(observer), Some(reports)) = (observer, &self.reports) else { return };
        for report in reports.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            observer.report(report);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

/// The parts of a page's answer that are needed.
#[derive(Debug)]
struct Answer {
    page: Page,
    /// The URL of the answer, and that of the next page in its `Link` header.
    link: Option<(Url, String)>,
}

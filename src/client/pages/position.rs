//! [`Position`]: how far a list was read. A cursor is one as text.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::list::Place;
use crate::clock::{Clock, Moment};
use crate::error::{Error, Result};

const VERSION: u32 = 1;

/// Where to continue a list: at the item of a page after its first `skip`.
#[derive(Debug, Clone)]
pub(super) struct ResumePoint {
    pub(super) place: Option<Place>,
    pub(super) skip: u64,
}

/// How far a list was read when a page was returned.
#[derive(Debug, Clone)]
pub struct Position {
    /// The fingerprint of the list.
    pub(super) fingerprint: Arc<str>,
    /// The page, and how many of its items were left out because an earlier pass had returned them.
    pub(super) here: ResumePoint,
    /// How many items of the page were returned.
    pub(super) items: u64,
    /// Where the list continues after the page.
    pub(super) following: ResumePoint,
    /// The counts before the page's items, with the duplicates and total that the page itself shows.
    pub(super) counts: Counts,
    /// Items that earlier passes returned.
    pub(super) earlier: u64,
    /// When this pass sent its first request. `None` before that.
    pub(super) began: Option<Moment>,
    pub(super) clock: Arc<dyn Clock>,
}

/// How far a list was read, in items and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageProgress {
    /// Items taken, those of earlier passes included.
    pub done: u64,
    /// The number of items in the list, if the API reports it.
    pub total: Option<u64>,
    /// Items per second in this pass.
    pub rate: f64,
    /// The estimated seconds until the end, if the total and the rate are known.
    pub eta: Option<f64>,
    /// Items whose id had appeared before.
    pub duplicates: u64,
    /// Items that may have been missed because the list changed meanwhile.
    pub missing: u64,
}

/// The content of a cursor, before it is encoded as opaque text.
#[derive(Serialize, Deserialize)]
struct Cursor {
    list: String,
    at: Option<Place>,
    skip: u64,
    counts: Counts,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

#[derive(Serialize)]
struct Versioned<'a> {
    v: u32,
    #[serde(flatten)]
    cursor: &'a Cursor,
}

impl Position {
    /// The cursor, as text, at which to continue after `taken` items of the page.
    pub fn cursor(&self, taken: u64) -> String {
        let ResumePoint { place, skip } = if taken < self.items {
            ResumePoint { place: self.here.place.clone(), skip: self.here.skip.saturating_add(taken) }
        } else {
            self.following.clone()
        };
        let cursor = Cursor {
            list: self.fingerprint.to_string(),
            at: place,
            skip,
            counts: Counts { done: self.counts.done.saturating_add(taken), ..self.counts },
        };
        // Serializing texts and numbers cannot fail.
        let json = serde_json::to_vec(&Versioned { v: VERSION, cursor: &cursor }).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// The progress after `taken` items of the page.
    pub fn progress(&self, taken: u64) -> PageProgress {
        let Counts { duplicates, missing, total, .. } = self.counts;
        let done = self.counts.done.saturating_add(taken);
        let seconds = self.began.map_or(0.0, |began| self.clock.now().since(began).as_secs_f64());
        let rate = if seconds > 0.0 { float(done - self.earlier) / seconds } else { 0.0 };
        let left = total.map(|total| float(total.saturating_sub(done)));
        PageProgress {
            done,
            total,
            rate,
            eta: left.filter(|_| rate > 0.0).map(|left| left / rate),
            duplicates,
            missing,
        }
    }
}

/// Reads a cursor of the list with this fingerprint. Fails with [`Error::Configuration`] that names `from`.
pub(super) fn read_cursor(text: &str, fingerprint: &str) -> Result<(ResumePoint, Counts)> {
    let refused = |problem: &'static str| Error::configuration("from", problem);
    let unreadable = || refused("is not a cursor from `paginate()`; pass the string back unchanged");
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
    let Version { v } = serde_json::from_slice(&json).map_err(|_| unreadable())?;
    if v != VERSION {
        return Err(refused("is a cursor from another version of this package; start again without it"));
    }
    let Cursor { list, at, skip, counts } = serde_json::from_slice(&json).map_err(|_| unreadable())?;
    if list != fingerprint {
        return Err(refused(
            "is a cursor of another path or query; use the path and query that it came from",
        ));
    }
    Ok((ResumePoint { place: at, skip }, counts))
}

#[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

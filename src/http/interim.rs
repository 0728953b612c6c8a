//! [`Interim`]: limits the number of interim answers (1xx) before an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

use crate::error::Error;

/// The most interim answers. Real servers send one or two.
const MOST: u32 = 100;

/// Counts the interim answers of one request.
pub(super) struct Interim(Arc<Count>);

#[derive(Default)]
struct Count {
    answers: AtomicU32,
    too_many: Notify,
}

impl Interim {
    /// Counts the interim answers to `request`.
    pub(super) fn watch<B>(request: &mut http::Request<B>) -> Self {
        let count = Arc::new(Count::default());
        let counted = Arc::clone(&count);
        hyper::ext::on_informational(request, move |_| {
            if counted.answers.fetch_add(1, Ordering::Relaxed) == MOST {
                counted.too_many.notify_one();
            }
        });
        Self(count)
    }

    /// Waits until there are too many interim answers, and returns the error.
    pub(super) async fn too_many(&self) -> Error {
        self.0.too_many.notified().await;
        let problem = "more than 100 interim answers (1xx) came before it, as only an attack does";
        Error::InvalidResponse { problem: problem.into() }
    }
}

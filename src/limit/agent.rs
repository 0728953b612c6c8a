//! The agent of an endpoint: a task that requests permits from the shared window, and reports what became of them.

use std::sync::Arc;
use std::time::Duration;

use super::limiter::Limiter;
use super::schedule::EndpointIndex;
use super::shared::SharedWindow;

/// How long to wait after a failed request.
const WAIT_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Starts the endpoint's agent, if the limits are shared and no agent is running.
pub(super) fn ensure_agent(limiter: &Arc<Limiter>, endpoint: EndpointIndex) {
    if let Some(window) = limiter.window()
        && limiter.access(|scheduler| scheduler.needs_agent(endpoint))
    {
        tokio::spawn(run(Arc::clone(limiter), window, endpoint));
    }
}

/// Sends requests for as long as there is anything to request or report.
async fn run(limiter: Arc<Limiter>, window: Arc<dyn SharedWindow>, endpoint: EndpointIndex) {
    let changed = limiter.agent_signal(endpoint);
    while let Some((request, outstanding)) =
        limiter.update(|scheduler, now| scheduler.permit_request(endpoint, now))
    {
        match window.ask(request).await {
            Ok(reply) => {
                let wait =
                    limiter.update(|scheduler, now| scheduler.permits_granted(outstanding, reply, now));
                if outstanding.is_returning {
                    window.restored();
                }
                tokio::select! {
                    () = changed.notified() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
            // Changes do not end this wait: more requests would not help a window that is down.
            Err(error) => {
                let members = limiter.update(|scheduler, now| scheduler.permits_failed(outstanding, now));
                window.lost(members, &error);
                tokio::time::sleep(WAIT_AFTER_FAILURE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;

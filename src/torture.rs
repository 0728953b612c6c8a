//! Labelled points in a one-time operation (a renewal, or a request for a customer's credentials) at which `npm run
//! torture` ends or stops the process. They exist only with the feature `torture`, which no shipped addon has.
//!
//! `SMARTRECRUITERS_TORTURE=action:label[:n]` makes the process carry out `action` when it reaches `label` for the
//! `n`-th time (default: the first). Any other value ends the process at the first point.
//!
//! - `kill`: SIGKILL. `stop`: SIGSTOP; after SIGCONT it goes on where it was.
//! - The labels, in the order of an operation: `loaded` (the record was read), `connecting`, `connected`, `journalling`
//!   (before the journal is written), `journalled`, `answered` (whatever the answer was), `committing` (before the new
//!   tokens are written, at each attempt), `committed`, `published` (the callers that wait have the token). After a failed
//!   request, or an answer that cannot be read, `releasing` (before that is written down) and `released` come in place of
//!   `committing` and `committed`. While a customer is connected, `published` is reached between `connecting` and
//!   `connected`: that token is the partner's own.

/// A point that an operation reaches.
#[cfg(not(feature = "torture"))]
pub(crate) const fn reach(_label: &'static str) {}

#[cfg(feature = "torture")]
pub(crate) use on::reach;

#[cfg(feature = "torture")]
mod on {
    use std::process::Command;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    const LABELS: [&str; 11] = [
        "loaded",
        "connecting",
        "connected",
        "journalling",
        "journalled",
        "answered",
        "committing",
        "committed",
        "published",
        "releasing",
        "released",
    ];

    static ORDER: LazyLock<Option<Order>> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "a process is tortured by those who start it")]
        let text = std::env::var("SMARTRECRUITERS_TORTURE").ok()?;
        // An order that is ignored would let the test pass.
        Some(Order::parse(&text).unwrap_or_else(|| std::process::abort()))
    });
    static REACHED: AtomicU32 = AtomicU32::new(0);

    #[derive(Debug, PartialEq, Eq)]
    struct Order {
        action: Action,
        label: String,
        time: u32,
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Action {
        Kill,
        Stop,
    }

    impl Order {
        fn parse(text: &str) -> Option<Self> {
            let mut parts = text.split(':');
            let action = match parts.next()? {
                "kill" => Action::Kill,
                "stop" => Action::Stop,
                _ => return None,
            };
            let label = parts.next().filter(|label| LABELS.contains(label))?.to_owned();
            let time = parts.next().map_or(Some(1), |time| time.parse().ok().filter(|time| *time > 0))?;
            parts.next().is_none().then_some(Self { action, label, time })
        }
    }

    pub(crate) fn reach(label: &'static str) {
        debug_assert!(LABELS.contains(&label), "{label} is in the table");
        let Some(order) = ORDER.as_ref().filter(|order| order.label == label) else { return };
        if REACHED.fetch_add(1, Ordering::SeqCst) + 1 != order.time {
            return;
        }
        match order.action {
            Action::Kill => {
                signal("-KILL");
                loop {
                    std::thread::park();
                }
            }
            Action::Stop => signal("-STOP"),
        }
    }

    /// The signal is sent by another program, since a system call would need `unsafe`. This thread waits for that
    /// program, and so for the signal.
    fn signal(name: &str) {
        let sent = Command::new("kill").args([name, &std::process::id().to_string()]).status();
        if !sent.is_ok_and(|status| status.success()) {
            std::process::abort();
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_order_is_an_action_at_a_label_and_nothing_else() {
            let order = |action, label: &str, time| Some(Order { action, label: label.to_owned(), time });
            assert_eq!(Order::parse("kill:journalled"), order(Action::Kill, "journalled", 1));
            assert_eq!(Order::parse("stop:answered:7"), order(Action::Stop, "answered", 7));
            for bad in [
                "",
                "kill",
                "kill:nowhere",
                "exit:loaded",
                "kill:loaded:0",
                "kill:loaded:x",
                "kill:loaded:1:",
            ] {
                assert_eq!(Order::parse(bad), None, "{bad}");
            }
        }
    }
}

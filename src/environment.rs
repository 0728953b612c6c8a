//! The environment variables of the machine's network: proxies, and authorities to trust.

/// The value of a variable in upper or lower case; the upper case wins.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    let read = |name: &str| std::env::var(name).ok();
    read(name).or_else(|| read(&name.to_ascii_lowercase()))
}

//! Arguments of the clients, as `--name value` pairs.

use std::time::Duration;

use crate::Error;

/// What to measure.
#[derive(Debug)]
pub struct Args {
    /// The server's root, without a slash at its end.
    pub url: String,
    /// What to ask for.
    pub path: String,
    /// How long each body must be.
    pub bytes: usize,
    /// Requests in flight.
    pub in_flight: usize,
    /// How long to run before measuring.
    pub warm_up: Duration,
    /// How long to measure.
    pub measure: Duration,
    /// The certificate to trust, in PEM.
    pub ca: Option<String>,
    /// Whether bodies are streamed, not collected.
    pub stream: bool,
}

impl Args {
    /// The process's own.
    pub fn read() -> Result<Self, Error> {
        let given: Vec<String> = std::env::args().skip(1).collect();
        let find = |name: &str| {
            given.chunks(2).find(|pair| pair[0] == name).and_then(|pair| pair.get(1)).map(String::as_str)
        };
        let need = |name: &str| find(name).ok_or_else(|| Error::from(format!("{name} is missing")));
        let seconds = |name: &str| Ok::<_, Error>(Duration::from_secs_f64(need(name)?.parse()?));
        Ok(Self {
            url: need("--url")?.to_owned(),
            path: need("--path")?.to_owned(),
            bytes: need("--bytes")?.parse()?,
            in_flight: need("--in-flight")?.parse()?,
            warm_up: seconds("--warm-up")?,
            measure: seconds("--measure")?,
            ca: find("--ca").map(std::fs::read_to_string).transpose()?,
            stream: find("--stream") == Some("true"),
        })
    }
}

//! Keeps a number of requests in flight and measures them, as `measure.mjs` does for the clients in Node.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use crate::Error;
use crate::args::Args;

/// What sends one request after the other.
pub trait Worker: Send + 'static {
    /// Sends a request, checks the status, reads the answer, and tells how long its body was.
    fn request(&mut self) -> impl Future<Output = Result<usize, Error>> + Send;
}

/// From the first completion after the warm-up to the first after the time is up, all requests stay in flight:
/// neither the start nor the end of the load is in the figures.
enum Phase {
    WarmingUp { until: Instant },
    Measuring { since: Instant, cpu: ProcessTime, latencies: Vec<Duration> },
    Over,
}

/// Runs `workers` as `args` say and prints the result as a line of JSON.
pub async fn run(args: &Args, workers: Vec<impl Worker>) -> Result<(), Error> {
    let phase = Arc::new(Mutex::new(Phase::WarmingUp { until: Instant::now() + args.warm_up }));
    let (expected, measure) = (args.bytes, args.measure);
    let mut tasks = Vec::new();
    for mut worker in workers {
        let phase = Arc::clone(&phase);
        tasks.push(tokio::spawn(async move {
            loop {
                let start = Instant::now();
                let length = worker.request().await?;
                if length != expected {
                    return Err(Error::from(format!("a body of {length} bytes, not of {expected}")));
                }
                if let ControlFlow::Break(ended) = complete(&phase, start, measure) {
                    return Ok::<_, Error>(ended);
                }
            }
        }));
    }
    for task in tasks {
        if let Some(result) = task.await?? {
            println!("{}", result.to_json(expected));
        }
    }
    Ok(())
}

/// Notes that a request which began at `start` has ended. Breaks if the load is over, with the result for one worker.
fn complete(phase: &Mutex<Phase>, start: Instant, measure: Duration) -> ControlFlow<Option<Measurement>> {
    let now = Instant::now();
    let mut phase = phase.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut *phase {
        Phase::WarmingUp { until } if now < *until => ControlFlow::Continue(()),
        Phase::WarmingUp { .. } => {
            reset_peak_memory();
            *phase = Phase::Measuring { since: now, cpu: ProcessTime::now(), latencies: Vec::new() };
            ControlFlow::Continue(())
        }
        Phase::Measuring { since, cpu, latencies } => {
            latencies.push(now - start);
            if now - *since < measure {
                return ControlFlow::Continue(());
            }
            let result = Measurement {
                elapsed: now - *since,
                cpu: cpu.elapsed(),
                latencies: std::mem::take(latencies),
                memory: memory("VmRSS:"),
                peak: memory("VmHWM:"),
            };
            *phase = Phase::Over;
            ControlFlow::Break(Some(result))
        }
        Phase::Over => ControlFlow::Break(None),
    }
}

struct Measurement {
    elapsed: Duration,
    cpu: Duration,
    latencies: Vec<Duration>,
    memory: Option<u64>,
    peak: Option<u64>,
}

impl Measurement {
    /// Durations in microseconds, memory in bytes, under the names that `measure.mjs` uses.
    fn to_json(&self, bytes: usize) -> String {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        let requests = sorted.len();
        let optional = |value: Option<u64>| value.map_or("null".to_owned(), |value| value.to_string());
        format!(
            r#"{{"requests":{requests},"amount":{},"elapsed":{},"cpu":{},"main":null,"loop":null,"p50":{},"p99":{},"rss":{},"peak":{}}}"#,
            bytes * requests,
            micros(self.elapsed),
            micros(self.cpu),
            micros(at(50)),
            micros(at(99)),
            optional(self.memory),
            optional(self.peak),
        )
    }
}

/// A line of this process's status, in bytes. Linux only.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Makes the peak count from now on. Where it cannot be done, it counts from the start.
fn reset_peak_memory() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

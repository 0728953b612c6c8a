//! Node's thread and the core's, in thousands of orders: Node gets each result that it wants once, and no result waits for
//! a wake-up that does not come.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use shuttle::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use shuttle::thread;

use super::*;
use crate::sync::explore;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Report,
    Last,
}

impl Finished for Step {
    fn ends_call(&self) -> bool {
        *self == Self::Last
    }

    /// A batch ends once it has two results that end their calls.
    fn size(&self) -> usize {
        if self.ends_call() { HEAVY / 2 } else { 0 }
    }
}

/// The core's thread: every call reports one step and then ends. As the runtime does, it wakes Node once nothing more can
/// run, or when a batch is full.
fn core(results: &Results<Step>, calls: &Receiver<u32>, wake: &Sender<()>) {
    let wake = || {
        if results.is_asleep() {
            // Node's thread is gone where a wake-up comes after the last result.
            let _ = wake.send(());
        }
    };
    let mut deferred = false;
    loop {
        let call = match calls.try_recv() {
            Ok(call) => call,
            Err(TryRecvError::Disconnected) if !deferred => break,
            Err(_) if deferred => {
                deferred = false;
                wake();
                continue;
            }
            Err(_) => match calls.recv() {
                Ok(call) => call,
                Err(_) => break,
            },
        };
        for step in [Step::Report, Step::Last] {
            match results.add(call, step) {
                Some(Wake::Soon) => deferred = true,
                Some(Wake::Now) => wake(),
                None => {}
            }
        }
    }
}

/// Node's thread, as `lib/calls.ts` has it.
struct Node {
    results: Arc<Results<Step>>,
    calls: Sender<u32>,
    running: HashMap<u32, ()>,
    /// The calls that are started when the first one has ended.
    later: Vec<u32>,
    got: Vec<(u32, Step)>,
}

impl Node {
    fn start(&mut self, call: u32) {
        self.running.insert(call, ());
        self.calls.send(call).unwrap();
    }

    fn dispatch(&mut self, batch: Vec<(u32, Step)>) {
        for (call, step) in batch {
            self.got.push((call, step));
            if step == Step::Last {
                for call in std::mem::take(&mut self.later) {
                    self.start(call);
                }
            }
        }
    }

    fn run(&mut self, woken: &Receiver<()>) {
        let ends_call = |step: &Step| *step == Step::Last;
        while !self.running.is_empty() {
            // If the wake-up is missed, nobody runs any more, and the model fails.
            woken.recv().unwrap();
            let batch = self.results.take(&mut self.running);
            self.dispatch(batch);
            loop {
                let batch = self.results.next(&mut self.running);
                if batch.is_empty() {
                    break;
                }
                self.dispatch(batch);
            }
        }
    }
}

#[test]
fn node_gets_each_result_that_it_wants_once() {
    explore(|| {
        let results = Arc::new(Results::default());
        let (calls, started) = channel();
        let (wake, woken) = channel();
        let of_core = Arc::clone(&results);
        let core = thread::spawn(move || core(&of_core, &started, &wake));
        let mut node = Node { results, calls, running: HashMap::new(), later: vec![4, 5], got: Vec::new() };
        for call in 0..4 {
            node.start(call);
        }
        // As a caller's abort does. What the call still yields is not wanted.
        node.running.remove(&1);
        node.run(&woken);
        let got = std::mem::take(&mut node.got);
        drop(node);
        core.join().unwrap();

        let wanted = HashSet::from([0, 2, 3, 4, 5]);
        assert_eq!(got.iter().map(|(call, _)| *call).collect::<HashSet<_>>(), wanted);
        for call in wanted {
            let steps: Vec<_> = got.iter().filter(|(of, _)| *of == call).map(|(_, step)| *step).collect();
            assert_eq!(steps, [Step::Report, Step::Last], "call {call}");
        }
    });
}

//! The scheduler as a whole, under any schedule of calls, answers, 429s, calls that leave the queue or are given up, and
//! shared permits. A simulation of processes, a server and a shared window checks the invariants at each step; the
//! scheduler's decisions are those of production.
//!
//! A server that notices that a request was given up stops working on it within a few milliseconds, and never receives it
//! later. Each process knows the shortest time that an answer takes.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::scheduler::Outstanding;
use super::window::Opening;
use super::*;
use crate::http::{BaseUrl, Priority, Target};
use crate::limit::credential_id::CredentialId;
use crate::limit::endpoints::{Endpoint, EndpointLimit, Endpoints};
use crate::limit::shared::{LEASE, PermitReply, PermitReport, PermitRequest, SharedStatus};

const SECOND: Duration = Duration::from_secs(1);
/// The endpoints, with their limits per second and in progress.
const ENDPOINTS: [(&str, u32, Option<u32>); 3] =
    [("/jobs", 3, None), ("/users", 2, Some(2)), ("/candidates", 10, Some(1))];
/// The limit of requests in progress for the credential.
const CONCURRENT: usize = 4;
/// The shortest way to a server, work and way back.
const FLOOR: [Duration; 3] = [ms(10), ms(20), ms(10)];
/// How soon a server notices that a request was given up.
const NOTICED: Duration = ms(9);
/// Rounding of the estimates, which are computed in floating point.
const ROUNDING: Duration = Duration::from_nanos(10);
/// The time by which every schedule has come to rest.
const REST: Duration = Duration::from_secs(300);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Invariant {
    /// No second of the server sees more requests of an endpoint than its limit.
    PerSecond,
    /// The server never has more requests in progress than the limits of the endpoint and of the credential.
    InProgress,
    /// No request is sent while a 429 holds its endpoint back.
    Pause,
    /// Calls of one endpoint get their turns in order, interactive ones first.
    Order,
    /// A call that could be sent is passed by one interactive call of each other endpoint at most.
    Rotation,
    /// No call waits while it could be sent.
    NoIdleWait,
    /// Every call that stays gets its turn, and every agent ends.
    Rest,
    /// After the last answer, nothing is in progress and no permit is held.
    NothingLost,
}

/// What a simulation leaves out or does wrong, to see that an invariant breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// Answers are reported as if they had come at once.
    ArrivalTime,
    /// Requests are reported finished when they are sent.
    FinishLast,
    /// The end of a request is not reported.
    Finish,
    /// A turn whose request was never sent is not given back.
    Cancel,
    /// A call that leaves the queue is not removed.
    Leave,
    /// 429s are not reported.
    Refuse,
    /// Waiters are not woken.
    Signals,
    /// Waiters do not look again in time.
    Timers,
    /// Agents are not woken and do not ask again in time.
    Agents,
    /// The shared window forgets the permits that it has granted.
    SharedWindow,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Answered,
    Refused {
        pause: Duration,
    },
    NeverSent,
    /// The call is given up when this time has passed since it was sent, unless it is answered by then.
    Abandoned {
        after: Duration,
    },
    /// The answer is given up after it was read for this time, unless it is read to its end by then.
    StoppedReading {
        after: Duration,
    },
}

#[derive(Debug, Clone)]
struct Call {
    /// The time since the call before.
    pause: Duration,
    process: usize,
    endpoint: usize,
    priority: Priority,
    had_turn: bool,
    patience: Option<Duration>,
    /// Whether the call leaves when its turn has come, before it has collected it.
    leaves_at_turn: bool,
    fate: Fate,
    /// By how much the way to the server, work, and way back exceed the shortest.
    excess: [Duration; 3],
    reading: Duration,
    connection: Connection,
    has_headers: bool,
}

#[derive(Debug, Clone)]
struct Schedule {
    processes: usize,
    is_shared: bool,
    scope: ConcurrencyScope,
    /// When the shared window cannot be reached: from this time, and for how long.
    outage: Option<(Duration, Duration)>,
    /// Times that requests to the shared window take, in turn.
    latencies: Vec<Duration>,
    calls: Vec<Call>,
}

fn time(ms: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    ms.prop_map(Duration::from_millis)
}

fn call() -> impl Strategy<Value = Call> {
    let fate = prop_oneof![
        6 => Just(Fate::Answered),
        1 => time(1..1500).prop_map(|pause| Fate::Refused { pause }),
        1 => Just(Fate::NeverSent),
        1 => time(0..400).prop_map(|after| Fate::Abandoned { after }),
        1 => time(0..200).prop_map(|after| Fate::StoppedReading { after }),
    ];
    let pause = prop_oneof![3 => Just(Duration::ZERO), 1 => time(0..600)];
    let excess = prop_oneof![
        Just([Duration::ZERO; 3]),
        (time(0..200), time(0..300), time(0..200)).prop_map(|(way, work, back)| [way, work, back]),
    ];
    let reading = prop_oneof![Just(Duration::ZERO), time(0..300)];
    let priority = prop_oneof![Just(Priority::Interactive), Just(Priority::Batch)];
    let connection = prop_oneof![Just(Connection::Reused), Just(Connection::New)];
    let flags = (
        priority,
        prop::bool::weighted(0.1),
        connection,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.1),
    );
    let patience = prop::option::weighted(0.3, time(0..1500));
    (pause, 0..2_usize, 0..3_usize, flags, patience, fate, excess, reading).prop_map(
        |(pause, process, endpoint, flags, patience, fate, excess, reading)| {
            let (priority, had_turn, connection, has_headers, leaves_at_turn) = flags;
            Call {
                pause,
                process,
                endpoint,
                priority,
                had_turn,
                patience,
                leaves_at_turn,
                fate,
                excess,
                reading,
                connection,
                has_headers,
            }
        },
    )
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let scope = prop_oneof![Just(ConcurrencyScope::Credential), Just(ConcurrencyScope::Endpoint)];
    let outage = prop::option::weighted(0.3, (time(0..8000), time(1..4000)));
    let calls = prop::collection::vec(call(), 1..60);
    (1..3_usize, prop::bool::ANY, scope, outage, prop::collection::vec(time(0..30), 1..8), calls).prop_map(
        |(processes, is_shared, scope, outage, latencies, calls)| {
            let is_shared = is_shared || processes > 1;
            Schedule { processes, is_shared, scope, outage: outage.filter(|_| is_shared), latencies, calls }
        },
    )
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Arrives(usize),
    Looks(usize),
    LosesPatience(usize),
    IsReceived(usize),
    IsAnswered(usize),
    IsRead(usize),
    IsGivenUp(usize),
    ServerNotices(usize),
    /// A turn whose request was never sent is given back.
    IsCancelled(usize),
    AgentAsks(usize, usize, u32),
    AgentHears(usize, usize, Outstanding, Option<PermitReply>),
}

/// Where a call is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Absent,
    Waits(WaiterId),
    Sent { turn: Turn, at: Duration, is_received: bool },
    Gone,
}

#[derive(Debug, Clone, Copy, Default)]
struct Agent {
    is_resting: bool,
    is_notified: bool,
    /// How often it has rested, so that a timer knows whether it is still meant.
    rests: u32,
}

#[derive(Debug, Default)]
struct Process {
    scheduler: Scheduler,
    waiting: BTreeMap<usize, WaiterId>,
    /// Waiting calls that have their turns and have not collected them.
    granted: Vec<usize>,
    paused: [Duration; 3],
    passed: [usize; 3],
    agents: [Agent; 3],
}

#[derive(Debug, Default)]
struct Server {
    received: [Vec<Duration>; 3],
    in_progress: [usize; 3],
}

/// What the script in Redis does, in memory.
#[derive(Debug, Default)]
struct Window {
    quiet_until: Option<Duration>,
    rate: [BTreeMap<(usize, u64), Duration>; 3],
    busy: [BTreeMap<(usize, u64), Duration>; 3],
    pause: [Duration; 3],
    members: BTreeMap<usize, Duration>,
}

impl Window {
    fn ask(&mut self, member: usize, endpoint: usize, request: PermitRequest, now: Duration) -> PermitReply {
        let (quiet, soon) = (ms(1100), ms(20));
        if self.quiet_until.is_none() || request.is_returning {
            self.quiet_until = Some(now + quiet);
        }
        for (number, report) in request.reports {
            let permit = (member, number);
            let update = |permits: &mut BTreeMap<_, _>, until| {
                permits.entry(permit).and_modify(|entry| *entry = until);
            };
            let (rate, busy) = (&mut self.rate[endpoint], &mut self.busy[endpoint]);
            match report {
                PermitReport::Pending => update(rate, now + LEASE + SECOND),
                PermitReport::Received { ago, second } => update(rate, (now + second).saturating_sub(ago)),
                PermitReport::Unused => drop(rate.remove(&permit)),
                PermitReport::Refused(pause) => self.pause[endpoint] = self.pause[endpoint].max(now + pause),
                PermitReport::Open | PermitReport::Finished | PermitReport::GivenUp(_) => {}
            }
            match report {
                PermitReport::Pending | PermitReport::Open => update(busy, now + LEASE),
                PermitReport::Finished | PermitReport::Unused => drop(busy.remove(&permit)),
                PermitReport::GivenUp(after) => update(busy, now + after),
                PermitReport::Received { .. } | PermitReport::Refused(_) => {}
            }
        }
        self.expire(now);
        self.members.insert(member, now + LEASE);
        let closed_until = self.pause[endpoint].max(self.quiet_until.unwrap_or_default());
        let mut wait = closed_until.checked_sub(now).filter(|wait| !wait.is_zero());
        let mut granted = 0;
        while wait.is_none() && granted < request.wanted {
            let mut free: Vec<_> = self.rate[endpoint].values().copied().collect();
            free.sort_unstable();
            let all = self.busy.iter().map(BTreeMap::len).sum::<usize>();
            let over_all = request.concurrent_over_all.unwrap_or(usize::MAX);
            if let Some(beyond) = free.len().checked_sub(request.per_second) {
                let next = free[beyond].saturating_sub(now);
                wait = Some(if next > 2 * SECOND { soon } else { next });
            } else if self.busy[endpoint].len() >= request.concurrent || all >= over_all {
                wait = Some(soon);
            } else {
                let permit = (member, request.first + granted as u64);
                self.rate[endpoint].insert(permit, now + LEASE + SECOND);
                self.busy[endpoint].insert(permit, now + LEASE);
                granted += 1;
            }
        }
        PermitReply { granted, wait: wait.unwrap_or_default(), members: self.members.len() }
    }

    fn expire(&mut self, now: Duration) {
        for permits in self.rate.iter_mut().chain(&mut self.busy) {
            permits.retain(|_, until| *until > now);
        }
        self.members.retain(|_, until| *until > now);
    }
}

struct Simulation<'a> {
    schedule: &'a Schedule,
    broken: Broken,
    endpoints: [Endpoint; 3],
    now: Duration,
    events: BTreeMap<(Duration, usize), Event>,
    scheduled: usize,
    asked: usize,
    processes: Vec<Process>,
    stages: Vec<Stage>,
    server: Server,
    window: Window,
}

type Checked<T = ()> = Result<T, Invariant>;

fn check(holds: bool, invariant: Invariant) -> Checked {
    if holds { Ok(()) } else { Err(invariant) }
}

impl<'a> Simulation<'a> {
    fn new(schedule: &'a Schedule, broken: Broken) -> Self {
        let row = |(path, per_second, concurrent): (&str, u32, Option<u32>)| EndpointLimit {
            endpoint: format!("GET {path}"),
            per_second: Some(per_second),
            concurrent,
        };
        let table = Endpoints::with(&ENDPOINTS.map(row)).unwrap();
        let base = BaseUrl::parse("baseUrl", "https://api.example").unwrap();
        let endpoints = ENDPOINTS
            .map(|(path, ..)| table.of(&Method::GET, &Target::parse(&base, path, &[], &[]).unwrap()));
        let mut processes: Vec<_> = (0..schedule.processes).map(|_| Process::default()).collect();
        for process in &mut processes {
            let scheduler = &mut process.scheduler;
            scheduler.restrict(schedule.scope, Some(CONCURRENT));
            for endpoint in &endpoints {
                // The shortest time becomes known.
                let entry = scheduler.enter(endpoint, Priority::Interactive, false, 1, Duration::ZERO);
                let Ok(Entry::Admitted(turn)) = entry else { panic!("nothing is in use: {entry:?}") };
                let answered = FLOOR.iter().sum();
                let times = (Duration::ZERO, answered);
                scheduler.answered(turn, times, Connection::Reused, &LimitHeaders::default());
                scheduler.finish(turn, answered);
            }
            if schedule.is_shared {
                scheduler.share(CredentialId::new(&[b"simulation"]));
            }
        }
        let mut simulation = Self {
            schedule,
            broken,
            endpoints,
            now: 2 * SECOND,
            events: BTreeMap::new(),
            scheduled: 0,
            asked: 0,
            processes,
            stages: vec![Stage::Absent; schedule.calls.len()],
            server: Server::default(),
            window: Window::default(),
        };
        let mut at = simulation.now;
        for (number, call) in schedule.calls.iter().enumerate() {
            at += call.pause;
            simulation.at(at, Event::Arrives(number));
        }
        simulation
    }

    fn at(&mut self, time: Duration, event: Event) {
        self.scheduled += 1;
        self.events.insert((time, self.scheduled), event);
    }

    fn call(&self, number: usize) -> &'a Call {
        &self.schedule.calls[number]
    }

    fn process_of(&self, number: usize) -> usize {
        self.call(number).process % self.schedule.processes
    }

    fn run(mut self) -> Checked {
        while let Some(((time, _), event)) = self.events.pop_first() {
            check(time < REST, Invariant::Rest)?;
            if time > self.now {
                self.now = time.saturating_sub(Duration::from_nanos(1));
                self.check_no_idle_wait()?;
                self.now = time;
            }
            self.happens(event)?;
        }
        self.check_rest()
    }

    fn happens(&mut self, event: Event) -> Checked {
        match event {
            Event::Arrives(number) => self.arrives(number),
            Event::Looks(number) => self.looks(number),
            Event::LosesPatience(number) => {
                let Stage::Waits(waiter) = self.stages[number] else { return Ok(()) };
                let process = self.process_of(number);
                self.stages[number] = Stage::Gone;
                self.processes[process].waiting.remove(&number);
                self.processes[process].granted.retain(|granted| *granted != number);
                if self.broken == Broken::Leave {
                    return Ok(());
                }
                self.step(process, |scheduler, now| scheduler.leave(waiter, now))
            }
            Event::IsReceived(number) => self.is_received(number),
            Event::IsAnswered(number) => self.is_answered(number),
            Event::IsRead(number) => {
                let Stage::Sent { turn, .. } = self.stages[number] else { return Ok(()) };
                self.leaves_server(number);
                self.stages[number] = Stage::Gone;
                if matches!(self.broken, Broken::Finish | Broken::FinishLast) {
                    return Ok(());
                }
                self.step(self.process_of(number), |scheduler, now| scheduler.finish(turn, now))
            }
            Event::IsGivenUp(number) => self.is_given_up(number),
            Event::ServerNotices(number) => {
                self.server.in_progress[self.call(number).endpoint] -= 1;
                Ok(())
            }
            Event::IsCancelled(number) => {
                let Stage::Sent { turn, .. } = self.stages[number] else { return Ok(()) };
                self.stages[number] = Stage::Gone;
                if self.broken == Broken::Cancel {
                    return Ok(());
                }
                self.step(self.process_of(number), |scheduler, now| scheduler.cancel(turn, now))
            }
            Event::AgentAsks(process, endpoint, rests) => self.agent_asks(process, endpoint, rests),
            Event::AgentHears(process, endpoint, outstanding, reply) => {
                let wait = if let Some(reply) = reply {
                    self.step(process, |scheduler, now| scheduler.permits_granted(outstanding, reply, now))?
                } else {
                    self.step(process, |scheduler, now| scheduler.permits_failed(outstanding, now))?;
                    SECOND
                };
                let agent = &mut self.processes[process].agents[endpoint];
                agent.rests += 1;
                let rests = agent.rests;
                if reply.is_some() && std::mem::take(&mut agent.is_notified) {
                    self.at(self.now, Event::AgentAsks(process, endpoint, rests));
                } else {
                    agent.is_resting = reply.is_some();
                    if self.broken != Broken::Agents {
                        self.at(self.now + wait, Event::AgentAsks(process, endpoint, rests));
                    }
                }
                Ok(())
            }
        }
    }

    fn arrives(&mut self, number: usize) -> Checked {
        let call = self.call(number);
        let process = self.process_of(number);
        let endpoint = self.endpoints[call.endpoint].clone();
        let entry = self.step(process, |scheduler, now| {
            scheduler.enter(&endpoint, call.priority, call.had_turn, usize::MAX, now).unwrap()
        })?;
        match entry {
            Entry::Admitted(turn) => {
                self.check_grant(process, number)?;
                self.has_turn(number, turn)
            }
            Entry::Queued(waiter) => {
                self.stages[number] = Stage::Waits(waiter);
                self.processes[process].waiting.insert(number, waiter);
                self.note_grants(process, None)?;
                if let Some(patience) = call.patience {
                    self.at(self.now + patience, Event::LosesPatience(number));
                }
                self.at(self.now, Event::Looks(number));
                if self.processes[process].scheduler.needs_agent(waiter.endpoint) {
                    let rests = self.processes[process].agents[call.endpoint].rests;
                    self.at(self.now, Event::AgentAsks(process, call.endpoint, rests));
                }
                Ok(())
            }
        }
    }

    fn looks(&mut self, number: usize) -> Checked {
        let Stage::Waits(waiter) = self.stages[number] else { return Ok(()) };
        let process = self.process_of(number);
        let look = self.processes[process].scheduler.look(waiter, self.now);
        self.after_step(process, matches!(look, Look::Admitted(_)).then_some(number))?;
        match look {
            Look::Admitted(turn) => {
                self.processes[process].waiting.remove(&number);
                self.processes[process].granted.retain(|granted| *granted != number);
                self.has_turn(number, turn)
            }
            Look::Wait(Some(at)) if self.broken != Broken::Timers => {
                self.at(at, Event::Looks(number));
                Ok(())
            }
            Look::Wait(_) => Ok(()),
        }
    }

    fn has_turn(&mut self, number: usize, turn: Turn) -> Checked {
        let (call, process, sent) = (self.call(number), self.process_of(number), self.now);
        self.stages[number] = Stage::Sent { turn, at: sent, is_received: false };
        if matches!(call.fate, Fate::NeverSent) {
            self.at(sent + call.excess[0], Event::IsCancelled(number));
            return Ok(());
        }
        let [way, work, back] = [0, 1, 2].map(|part| FLOOR[part] + call.excess[part]);
        self.at(sent + way, Event::IsReceived(number));
        let answered = way + work + back;
        if let Fate::Abandoned { after } = call.fate
            && after < answered
        {
            self.at(sent + after, Event::IsGivenUp(number));
        } else {
            self.at(sent + answered, Event::IsAnswered(number));
        }
        if self.broken == Broken::FinishLast {
            self.step(process, |scheduler, now| scheduler.finish(turn, now))?;
        }
        Ok(())
    }

    fn is_received(&mut self, number: usize) -> Checked {
        let Stage::Sent { is_received, .. } = &mut self.stages[number] else { return Ok(()) };
        *is_received = true;
        let endpoint = self.call(number).endpoint;
        let (_, per_second, concurrent) = ENDPOINTS[endpoint];
        let received = &mut self.server.received[endpoint];
        received.push(self.now);
        // Two processes that cannot reach the shared window lose it at different times.
        let is_certain = self.schedule.outage.is_none() || self.schedule.processes == 1;
        if let Some(before) = received.len().checked_sub(per_second as usize + 1)
            && is_certain
        {
            let within = self.now.saturating_sub(received[before]);
            check(within + ROUNDING >= SECOND, Invariant::PerSecond)?;
        }
        self.server.in_progress[endpoint] += 1;
        let concurrent = concurrent.map_or(CONCURRENT, |concurrent| concurrent as usize);
        let all = self.server.in_progress.iter().sum::<usize>();
        let is_within = self.server.in_progress[endpoint] <= concurrent
            && (self.schedule.scope == ConcurrencyScope::Endpoint || all <= CONCURRENT);
        check(is_within || !is_certain, Invariant::InProgress)
    }

    fn leaves_server(&mut self, number: usize) {
        if let Stage::Sent { is_received: true, .. } = self.stages[number] {
            self.server.in_progress[self.call(number).endpoint] -= 1;
        }
    }

    fn headers(&self, endpoint: usize) -> LimitHeaders {
        let (_, per_second, concurrent) = ENDPOINTS[endpoint];
        let (limit, own) = (per_second as usize, concurrent.map(|concurrent| concurrent as usize));
        let recent = self.server.received[endpoint].iter().filter(|at| **at + SECOND > self.now).count();
        let in_progress = match (own, self.schedule.scope) {
            (None, ConcurrencyScope::Credential) => self.server.in_progress.iter().sum(),
            _ => self.server.in_progress[endpoint],
        };
        let concurrent_limit = own.unwrap_or(CONCURRENT);
        LimitHeaders {
            limit: Some(limit),
            remaining: Some(limit.saturating_sub(recent)),
            concurrent_limit: Some(concurrent_limit),
            concurrent_remaining: Some(concurrent_limit.saturating_sub(in_progress)),
        }
    }

    fn is_answered(&mut self, number: usize) -> Checked {
        let Stage::Sent { turn, at, .. } = self.stages[number] else { return Ok(()) };
        let (call, process) = (self.call(number), self.process_of(number));
        let headers = if call.has_headers { self.headers(call.endpoint) } else { LimitHeaders::default() };
        let sent = at;
        let is_early = self.broken == Broken::ArrivalTime;
        self.step(process, |scheduler, now| {
            let answered = if is_early { sent } else { now };
            scheduler.answered(turn, (sent, answered), call.connection, &headers);
        })?;
        if let Fate::Refused { pause } = call.fate {
            let paused = &mut self.processes[process].paused[call.endpoint];
            *paused = (*paused).max(self.now + pause);
            if self.broken != Broken::Refuse {
                self.step(process, |scheduler, now| {
                    scheduler.refused(turn, (sent, now), pause, &headers);
                })?;
            }
        } else {
            self.processes[process].scheduler.accepted(turn, sent);
        }
        match call.fate {
            Fate::StoppedReading { after } if after < call.reading => {
                self.at(self.now + after, Event::IsGivenUp(number));
            }
            _ => self.at(self.now + call.reading, Event::IsRead(number)),
        }
        Ok(())
    }

    fn is_given_up(&mut self, number: usize) -> Checked {
        let Stage::Sent { turn, at, is_received } = self.stages[number] else { return Ok(()) };
        let is_answered = matches!(self.call(number).fate, Fate::StoppedReading { .. });
        self.stages[number] = Stage::Gone;
        if is_received {
            self.at(self.now + NOTICED, Event::ServerNotices(number));
        }
        if matches!(self.broken, Broken::Finish | Broken::FinishLast) {
            return Ok(());
        }
        self.step(self.process_of(number), |scheduler, now| {
            if is_answered {
                scheduler.stop_reading(turn, at, now);
            } else {
                scheduler.abandon(turn, at, now);
            }
        })
    }

    fn agent_asks(&mut self, process: usize, endpoint: usize, rests: u32) -> Checked {
        let agent = &mut self.processes[process].agents[endpoint];
        if agent.rests != rests {
            return Ok(());
        }
        // A timer that comes later is not meant any more.
        agent.rests += 1;
        agent.is_resting = false;
        let index = EndpointIndex(endpoint);
        let asked = self.step(process, |scheduler, now| scheduler.permit_request(index, now))?;
        let Some((request, outstanding)) = asked else { return Ok(()) };
        let latency = self.schedule.latencies[self.asked % self.schedule.latencies.len()];
        self.asked += 1;
        let is_down = self.schedule.outage.is_some_and(|(from, length)| {
            let from = 2 * SECOND + from;
            (from..from + length).contains(&self.now)
        });
        // A request that fails may have been handled or not.
        let reply = if is_down && self.asked.is_multiple_of(2) {
            None
        } else {
            let reply = self.window.ask(process, endpoint, request, self.now);
            Some(reply).filter(|_| !is_down)
        };
        if self.broken == Broken::SharedWindow {
            (self.window.rate, self.window.busy) = Default::default();
        }
        self.at(self.now + latency, Event::AgentHears(process, endpoint, outstanding, reply));
        Ok(())
    }

    /// Does something at a scheduler, checks to which calls it gave turns, and wakes what has to be woken.
    fn step<T>(&mut self, process: usize, act: impl FnOnce(&mut Scheduler, Duration) -> T) -> Checked<T> {
        let now = self.now;
        let done = act(&mut self.processes[process].scheduler, now);
        self.after_step(process, None)?;
        Ok(done)
    }

    /// `collected` is the call that found its turn in this step.
    fn after_step(&mut self, process: usize, collected: Option<usize>) -> Checked {
        let now = self.now;
        self.note_grants(process, collected)?;
        let signals: Vec<_> = self.processes[process].scheduler.take_signals().collect();
        for signal in signals {
            match signal {
                Signal::Waiter(waiter) => {
                    let waiting = &self.processes[process].waiting;
                    let number = waiting.iter().find(|(_, id)| **id == waiter).map(|(number, _)| *number);
                    if let Some(number) = number.filter(|_| self.broken != Broken::Signals) {
                        self.at(now, Event::Looks(number));
                    }
                }
                Signal::Agent(EndpointIndex(endpoint)) => {
                    let agent = &mut self.processes[process].agents[endpoint];
                    let rests = agent.rests;
                    if !std::mem::take(&mut agent.is_resting) {
                        agent.is_notified = true;
                    } else if self.broken != Broken::Agents {
                        self.at(now, Event::AgentAsks(process, endpoint, rests));
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks the order of the calls that got their turns in this step.
    fn note_grants(&mut self, process: usize, collected: Option<usize>) -> Checked {
        let Process { scheduler, waiting, granted, .. } = &mut self.processes[process];
        let new: Vec<usize> = waiting
            .iter()
            .filter(|(number, waiter)| {
                let has_turn = scheduler.granted.contains_key(waiter) || collected == Some(**number);
                has_turn && !granted.contains(number)
            })
            .map(|(number, _)| *number)
            .collect();
        granted.extend(&new);
        for number in &new {
            self.check_grant(process, *number)?;
            if self.call(*number).leaves_at_turn && collected != Some(*number) {
                self.at(self.now, Event::LosesPatience(*number));
            }
        }
        self.check_rotation(process, &new)
    }

    /// Checks that a call may have its turn now, and that no other call of its endpoint should have got one before.
    fn check_grant(&self, process: usize, number: usize) -> Checked {
        let Process { waiting, granted, paused, .. } = &self.processes[process];
        let turn = self.call(number);
        check(self.now >= paused[turn.endpoint], Invariant::Pause)?;
        let goes_before = |other_number: usize| {
            let other = self.call(other_number);
            other.endpoint == turn.endpoint
                && match (other.priority, turn.priority) {
                    (Priority::Interactive, Priority::Batch) => true,
                    (Priority::Batch, Priority::Interactive) => false,
                    _ => match (other.had_turn, turn.had_turn) {
                        (true, false) => true,
                        (false, true) => false,
                        (true, true) => other_number > number,
                        (false, false) => other_number < number,
                    },
                }
        };
        let is_first = waiting
            .keys()
            .filter(|other| **other != number && !granted.contains(other))
            .all(|other| !goes_before(*other));
        check(is_first, Invariant::Order)
    }

    /// Counts for each endpoint how many interactive calls of others got their turns while its first call, an interactive
    /// one, could have had one.
    fn check_rotation(&mut self, process: usize, new: &[usize]) -> Checked {
        let now = self.now;
        for endpoint in 0..ENDPOINTS.len() {
            let Process { scheduler, waiting, granted, passed, .. } = &mut self.processes[process];
            let waits = waiting.keys().any(|number| {
                let call = &self.schedule.calls[*number];
                call.endpoint == endpoint
                    && call.priority == Priority::Interactive
                    && !granted.contains(number)
            });
            let is_own = |number: &&usize| self.schedule.calls[**number].endpoint == endpoint;
            let state = &scheduler.endpoints[endpoint];
            let is_reached = scheduler.sharing.as_ref().is_some_and(SharedStatus::is_reached);
            let is_open = state.opening(scheduler.credential.chosen(), now) == Opening::Now
                && (!is_reached || state.permits.has_permit());
            if !waits || !is_open || new.iter().any(|number| is_own(&number)) {
                passed[endpoint] = 0;
                continue;
            }
            passed[endpoint] += new
                .iter()
                .filter(|number| self.schedule.calls[**number].priority == Priority::Interactive)
                .count();
            check(passed[endpoint] < ENDPOINTS.len(), Invariant::Rotation)?;
        }
        Ok(())
    }

    fn check_no_idle_wait(&self) -> Checked {
        for process in &self.processes {
            for (number, waiter) in &process.waiting {
                let is_open = process.scheduler.opening(waiter.endpoint, self.now) == Opening::Now;
                check(!is_open || process.granted.contains(number), Invariant::NoIdleWait)?;
                check(!process.granted.contains(number), Invariant::NoIdleWait)?;
            }
        }
        Ok(())
    }

    fn check_rest(mut self) -> Checked {
        self.check_no_idle_wait()?;
        check(self.processes.iter().all(|process| process.waiting.is_empty()), Invariant::Rest)?;
        let later = self.now + 5 * SECOND;
        for process in &self.processes {
            let limits = process.scheduler.limits(later);
            let is_empty = limits.iter().all(|limits| limits.in_flight == 0 && limits.waiting == 0);
            check(is_empty && process.scheduler.is_idle(later), Invariant::NothingLost)?;
            check(
                process.scheduler.endpoints.iter().all(|state| state.permits.is_idle()),
                Invariant::NothingLost,
            )?;
        }
        // Well before the leases end.
        self.window.expire(later);
        let permits = self.window.rate.iter().chain(&self.window.busy).map(BTreeMap::len).sum::<usize>();
        check(permits == 0, Invariant::NothingLost)
    }
}

proptest! {
    #[test]
    fn the_invariants_hold_under_any_schedule(schedule in schedules()) {
        prop_assert_eq!(Simulation::new(&schedule, Broken::Nothing).run(), Ok(()));
    }
}

#[test]
fn without_any_one_rule_an_invariant_breaks() {
    for (broken, invariants) in [
        (Broken::ArrivalTime, &[Invariant::PerSecond][..]),
        (Broken::FinishLast, &[Invariant::InProgress]),
        (Broken::Finish, &[Invariant::Rest, Invariant::NothingLost]),
        (Broken::Cancel, &[Invariant::Rest, Invariant::NothingLost]),
        (Broken::Leave, &[Invariant::Rest, Invariant::NothingLost]),
        (Broken::Refuse, &[Invariant::Pause]),
        (Broken::Signals, &[Invariant::NoIdleWait]),
        (Broken::Timers, &[Invariant::NoIdleWait]),
        (Broken::Agents, &[Invariant::Rest, Invariant::NothingLost]),
        (Broken::SharedWindow, &[Invariant::PerSecond, Invariant::InProgress]),
    ] {
        let config =
            Config { cases: 1000, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let outcome = TestRunner::new_with_rng(config, random).run(&schedules(), |schedule| {
            match Simulation::new(&schedule, broken).run() {
                Err(invariant) if invariants.contains(&invariant) => Err(TestCaseError::fail("it breaks")),
                _ => Ok(()),
            }
        });
        assert!(matches!(outcome, Err(TestError::Fail(..))), "{broken:?} breaks none of {invariants:?}");
    }
}

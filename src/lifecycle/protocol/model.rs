//! Every interleaving of several processes that share one grant: their steps, the store's, the server's, and the
//! accidents of all three. The decisions are those of [`super`]; what they act on is small here.
//!
//! A request is processed, or is lost, before its sender's lease ends: the lease outlasts the deadline of a request,
//! and no request is sent late in a lease. Connecting is part of the step that writes the journal: nobody else sees it,
//! and the journal is written over the version that was read before.
//! Not in it: a request that the server processes after its sender has given it up, and new authorizations.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use stateright::{Checker as _, CheckerBuilder, HasDiscoveries, Model, Property};

use super::{Commit, Step, after_failure, commit, renewed, step};
use crate::clock::{Clock as _, ManualClock};
use crate::error::{Error, OAuthErrorCode, ReauthorizationReason};
use crate::secret::Secret;
use crate::store::{GrantRecord, GrantState};
use crate::token::{AccessToken, RefreshToken, TokenSet};

/// What a server does when a refresh token is presented again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    /// Refuses it.
    Reject,
    /// Refuses it, and every token of its family from then on.
    RevokeFamily,
    /// Gives the same tokens again.
    Grace,
}

/// A rule of the protocol that a fleet leaves out, to see that the model notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    CommitBeforePublish,
    JournalBeforeExchange,
    WaitForLease,
    RememberContest,
}

#[derive(Debug)]
struct Fleet {
    processes: usize,
    reuse: Reuse,
    broken: Broken,
    /// How often any process begins a renewal.
    renewals: u8,
    /// How much goes wrong: crashes, losses, failures of the store, leases that end before their holder is done.
    accidents: u8,
}

/// Tokens are numbered as the server issues them: access token 1 came with refresh token 1.
type Token = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Row {
    version: u8,
    token: Token,
    contested: bool,
    /// Its token was issued less than a lease ago.
    recent: bool,
    state: State,
}

/// [`GrantState`], as the checker wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Idle { unresolved: u32 },
    Exchanging { owner: usize, unresolved: u32 },
    Lost,
    Revoked,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    row: Row,
    /// The lease in the row, if there is one, has run out.
    lease_is_over: bool,
    /// The refresh token that the server takes next; none when it has revoked the family.
    server: Option<Token>,
    processes: Vec<Process>,
    renewals: u8,
    accidents: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Process {
    /// The access token that its callers use.
    published: Token,
    at: At,
}

/// Where a process is in its renewal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum At {
    Rest,
    /// It has read this row.
    Loaded(Row),
    /// It holds the lease by this row, until it is over.
    Journalled {
        row: Row,
        over: bool,
    },
    /// Its request is on the way to the server.
    Sent {
        row: Row,
        over: bool,
    },
    /// The server's answer is on the way back: the next token, or `invalid_grant`.
    Answered {
        row: Row,
        over: bool,
        answer: Option<Token>,
    },
    /// It knows that it has failed, and is about to write it down.
    Failed {
        row: Row,
        why: Failure,
    },
    /// It has the next token, and is about to write it down over this version.
    Spent {
        journal: Row,
        version: u8,
        over: bool,
        next: Token,
        contested: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Failure {
    /// `invalid_grant`.
    Dead,
    /// No answer.
    Unanswered,
    /// The connection was found closed before a byte was written to it.
    Unsent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Begin(usize),
    Go(usize),
    /// Its write is done, but it does not learn so.
    WriteUnknown(usize),
    /// The store refuses its write.
    WriteFails(usize),
    /// The server closes the connection that is to carry its request.
    CloseConnection(usize),
    Serve(usize),
    LoseRequest(usize),
    LoseAnswer(usize),
    /// As much time as a lease is long.
    TimePasses,
    Crash(usize),
    /// Rekeying writes the row as it is.
    Reseal,
}

/// It stands still.
static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);

fn token_set(token: Token) -> TokenSet {
    let access = AccessToken {
        value: Secret::new(token.to_string()),
        scopes: Vec::new(),
        issued: CLOCK.now(),
        lifetime: Duration::from_secs(1800),
    };
    TokenSet {
        access: Some(access),
        issued: CLOCK.now(),
        refresh: Some(RefreshToken(Secret::new(token.to_string()))),
    }
}

impl Row {
    fn record(&self) -> GrantRecord {
        let empty = GrantRecord {
            access: None,
            refresh: RefreshToken(Secret::new("0")),
            refresh_issued_at: 0,
            scopes: Vec::new(),
            contested: false,
            state: GrantState::Idle { unresolved: 0 },
        };
        let record = renewed(empty, token_set(self.token));
        let refresh_issued_at = if self.recent { record.refresh_issued_at } else { 0 };
        GrantRecord { state: self.state.into(), contested: self.contested, refresh_issued_at, ..record }
    }
}

impl From<State> for GrantState {
    fn from(state: State) -> Self {
        match state {
            State::Idle { unresolved } => Self::Idle { unresolved },
            State::Exchanging { owner, unresolved } => {
                Self::Exchanging { owner: owner.to_string(), until: 0, unresolved }
            }
            State::Lost => Self::Ended { reason: ReauthorizationReason::ResponseLost },
            State::Revoked => Self::Ended { reason: ReauthorizationReason::RevokedOrExpired },
        }
    }
}

impl From<&GrantState> for State {
    fn from(state: &GrantState) -> Self {
        match state {
            GrantState::Idle { unresolved } => Self::Idle { unresolved: *unresolved },
            GrantState::Exchanging { owner, unresolved, .. } => {
                Self::Exchanging { owner: owner.parse().unwrap(), unresolved: *unresolved }
            }
            GrantState::Ended { reason: ReauthorizationReason::ResponseLost } => Self::Lost,
            GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired } => Self::Revoked,
            GrantState::Ended {
                reason: ReauthorizationReason::Forgotten | ReauthorizationReason::Exported,
            } => {
                unreachable!("nobody forgets or exports")
            }
        }
    }
}

impl World {
    /// Compare and swap; whether it was won.
    fn swap(&mut self, expected: u8, row: Row) -> bool {
        if self.row.version != expected {
            return false;
        }
        self.row = Row { version: expected + 1, ..row };
        self.lease_is_over = false;
        true
    }

    fn serve(&mut self, presented: Token, reuse: Reuse) -> Option<Token> {
        let current = self.server?;
        if presented == current {
            self.server = Some(current + 1);
            return self.server;
        }
        match reuse {
            Reuse::Reject => None,
            Reuse::RevokeFamily => {
                self.server = None;
                None
            }
            Reuse::Grace => (presented + 1 == current).then_some(current),
        }
    }
}

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Done,
    Unknown,
    Failed,
}

impl Fleet {
    /// The next step of a process by itself.
    fn go(&self, world: &mut World, index: usize, write: Write) -> Option<()> {
        let process = world.processes.get(index)?.clone();
        let mut published = process.published;
        let at = match process.at {
            At::Rest | At::Sent { .. } => return None,
            At::Loaded(row) if row.token != published => {
                published = row.token;
                At::Rest
            }
            At::Loaded(row) => {
                let over = world.lease_is_over || self.broken == Broken::WaitForLease;
                match step(&row.state.into(), over) {
                    Step::Wait if row == world.row => return None,
                    Step::Wait => At::Loaded(world.row),
                    Step::End(_) => At::Rest,
                    Step::Exchange { unresolved } => {
                        let state = if self.broken == Broken::JournalBeforeExchange {
                            row.state
                        } else {
                            State::Exchanging { owner: index, unresolved }
                        };
                        match write {
                            Write::Failed => At::Rest,
                            _ if !world.swap(row.version, Row { state, ..row }) => At::Loaded(world.row),
                            Write::Unknown => At::Rest,
                            Write::Done => At::Journalled { row: world.row, over: false },
                        }
                    }
                }
            }
            // Its lease ended before it had sent a byte.
            At::Journalled { over: true, .. } => At::Loaded(world.row),
            At::Journalled { row, over } => At::Sent { row, over },
            At::Answered { row, answer: None, .. } => At::Failed { row, why: Failure::Dead },
            At::Answered { row, over, answer: Some(next) } => {
                if self.broken == Broken::CommitBeforePublish {
                    published = next;
                }
                At::Spent { version: row.version, journal: row, over, next, contested: false }
            }
            At::Failed { row, why } => {
                let unavailable = |sent| Error::TokenUnavailable {
                    problem: "".into(),
                    status: None,
                    answer: Box::default(),
                    sent,
                    source: None,
                };
                let error = match why {
                    Failure::Dead => Error::TokenRefused {
                        error: OAuthErrorCode::InvalidGrant,
                        status: 400,
                        answer: Box::default(),
                    },
                    Failure::Unanswered => unavailable(true),
                    Failure::Unsent => unavailable(false),
                };
                let state = State::from(&after_failure(&row.record(), &error));
                let resealed = Row { version: world.row.version, recent: world.row.recent, ..row };
                if write == Write::Failed || world.swap(row.version, Row { state, ..row }) {
                    At::Rest
                } else if resealed == world.row {
                    At::Failed { row: world.row, why }
                } else {
                    At::Loaded(world.row)
                }
            }
            At::Spent { journal, version, over, next, contested } => {
                let mut record = renewed(journal.record(), token_set(next));
                record.contested |= contested;
                let row = Row {
                    version,
                    token: next,
                    contested: record.contested,
                    recent: true,
                    state: State::from(&record.state),
                };
                let won = write != Write::Failed && world.swap(version, row);
                let commit = if won && write == Write::Done {
                    Commit::Done
                } else {
                    commit(&record, &journal.record(), &world.row.record())
                };
                match commit {
                    Commit::Done => {
                        published = next;
                        At::Rest
                    }
                    Commit::Again { contested: now } => {
                        let now = now && self.broken != Broken::RememberContest;
                        let (version, contested) = (world.row.version, contested || now);
                        At::Spent { journal, version, over, next, contested }
                    }
                    Commit::Superseded => At::Loaded(world.row),
                }
            }
        };
        *world.processes.get_mut(index)? = Process { published, at };
        Some(())
    }

    fn time_passes(world: &mut World) {
        world.lease_is_over = true;
        world.row.recent = false;
        for process in &mut world.processes {
            match &mut process.at {
                At::Journalled { over, .. }
                | At::Sent { over, .. }
                | At::Answered { over, .. }
                | At::Spent { over, .. } => *over = true,
                At::Rest | At::Loaded(_) | At::Failed { .. } => {}
            }
        }
    }
}

impl Model for Fleet {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let row = Row {
            version: 1,
            token: 1,
            contested: false,
            recent: false,
            state: State::Idle { unresolved: 0 },
        };
        let process = Process { published: 1, at: At::Rest };
        vec![World {
            row,
            lease_is_over: false,
            server: Some(1),
            processes: vec![process; self.processes],
            renewals: self.renewals,
            accidents: self.accidents,
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for (index, process) in world.processes.iter().enumerate() {
            match process.at {
                At::Rest if world.renewals > 0 => events.push(Event::Begin(index)),
                At::Rest => {}
                At::Sent { .. } => events.extend([Event::Serve(index), Event::LoseRequest(index)]),
                At::Answered { .. } => events.extend([Event::Go(index), Event::LoseAnswer(index)]),
                At::Journalled { .. } => events.extend([Event::Go(index), Event::CloseConnection(index)]),
                At::Loaded(_) | At::Failed { .. } | At::Spent { .. } => {
                    events.extend([Event::Go(index), Event::WriteUnknown(index), Event::WriteFails(index)]);
                }
            }
            if process.at != At::Rest {
                events.push(Event::Crash(index));
            }
        }
        if !world.processes.iter().any(|process| matches!(process.at, At::Sent { .. })) {
            events.push(Event::TimePasses);
        }
        let writes = |process: &Process| matches!(process.at, At::Failed { .. } | At::Spent { .. });
        if world.processes.iter().any(writes) {
            // To all others it is the same earlier or later.
            events.push(Event::Reseal);
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut next = world.clone();
        let at = |index: usize| world.processes.get(index).map(|process| process.at.clone());
        let resting = world.processes.iter().all(|process| process.at == At::Rest);
        match event {
            Event::TimePasses if resting => {}
            Event::Begin(_) => next.renewals = world.renewals.checked_sub(1)?,
            Event::Go(_) | Event::Serve(_) => {}
            _ => next.accidents = world.accidents.checked_sub(1)?,
        }
        match event {
            Event::Begin(index) => next.processes.get_mut(index)?.at = At::Loaded(world.row),
            Event::Go(index) => self.go(&mut next, index, Write::Done)?,
            Event::WriteUnknown(index) => self.go(&mut next, index, Write::Unknown)?,
            Event::WriteFails(index) => self.go(&mut next, index, Write::Failed)?,
            Event::CloseConnection(index) => {
                let At::Journalled { row, .. } = at(index)? else { return None };
                next.processes.get_mut(index)?.at = At::Failed { row, why: Failure::Unsent };
            }
            Event::Serve(index) => {
                let At::Sent { row, over } = at(index)? else { return None };
                let answer = next.serve(row.token, self.reuse);
                next.processes.get_mut(index)?.at = At::Answered { row, over, answer };
            }
            Event::LoseRequest(index) | Event::LoseAnswer(index) => {
                let (At::Sent { row, .. } | At::Answered { row, .. }) = at(index)? else { return None };
                next.processes.get_mut(index)?.at = At::Failed { row, why: Failure::Unanswered };
            }
            Event::TimePasses => {
                Self::time_passes(&mut next);
            }
            Event::Crash(index) => next.processes.get_mut(index)?.at = At::Rest,
            Event::Reseal => next.row.version += 1,
        }
        let same_but_for_accidents = World { accidents: world.accidents, ..next.clone() } == *world;
        (!same_but_for_accidents).then_some(next)
    }

    /// Processes that keep no rules can go on for ever.
    fn within_boundary(&self, world: &World) -> bool {
        self.broken == Broken::Nothing || world.row.version < 16
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no token is in the hands of two holders", |_: &Self, world: &World| {
                let holders = |token: Token| {
                    world.processes.iter().filter(move |process| match &process.at {
                        At::Journalled { row, over: false }
                        | At::Sent { row, over: false }
                        | At::Answered { row, over: false, .. }
                        | At::Spent { journal: row, over: false, .. } => row.token == token,
                        _ => false,
                    })
                };
                (1..=9).all(|token| holders(token).count() <= 1)
            }),
            Property::always("callers use what is written down", |_: &Self, world: &World| {
                world.processes.iter().all(|process| process.published <= world.row.token)
            }),
            Property::always(
                "a token that is lost is known to be in doubt",
                |model: &Self, world: &World| {
                    let good = |token: Token| {
                        world.server.is_some_and(|current| {
                            token == current || (model.reuse == Reuse::Grace && token + 1 == current)
                        })
                    };
                    let saved = world.processes.iter().any(|process| match process.at {
                        At::Answered { answer: Some(next), .. } | At::Spent { next, .. } => good(next),
                        _ => false,
                    });
                    good(world.row.token)
                        || saved
                        || world.row.contested
                        || !matches!(world.row.state, State::Idle { unresolved: 0 } | State::Revoked)
                },
            ),
            Property::always("a loss is never called a revocation", |_: &Self, world: &World| {
                world.row.state != State::Revoked
            }),
            Property::sometimes("a renewal succeeds", |_: &Self, world: &World| world.row.token == 3),
            Property::sometimes("an answer is lost for good", |model: &Self, world: &World| {
                world.row.state == State::Lost || model.reuse == Reuse::Grace
            }),
        ]
    }
}

fn explorer(reuse: Reuse, broken: Broken) -> CheckerBuilder<Fleet> {
    Fleet { processes: 3, reuse, broken, renewals: 4, accidents: 3 }.checker().threads(2)
}

#[test]
fn the_invariants_hold_in_the_whole_space() {
    for reuse in [Reuse::Reject, Reuse::RevokeFamily, Reuse::Grace] {
        let checker = explorer(reuse, Broken::Nothing).spawn_bfs().join();
        let states = checker.unique_state_count();
        assert!(checker.is_done() && states > 400_000, "{reuse:?}: {states} states");
        checker.assert_properties();
    }
}

#[test]
fn without_any_one_rule_an_invariant_breaks() {
    for (broken, reuse, invariant) in [
        (Broken::CommitBeforePublish, Reuse::Grace, "callers use what is written down"),
        (Broken::JournalBeforeExchange, Reuse::Reject, "a token that is lost is known to be in doubt"),
        (Broken::WaitForLease, Reuse::Reject, "no token is in the hands of two holders"),
        (Broken::RememberContest, Reuse::RevokeFamily, "a token that is lost is known to be in doubt"),
    ] {
        let first = HasDiscoveries::AllOf(BTreeSet::from([invariant]));
        let checker = explorer(reuse, broken).finish_when(first).spawn_bfs().join();
        checker.assert_any_discovery(invariant);
    }
}

//! Every interleaving of several processes that share one record: their steps, the store's, the server's, and the
//! accidents of all three. The decisions are those of [`super`] and of the two kinds of record; what they act on is
//! small here.
//!
//! A request is processed, or is lost, before its sender's lease ends, unless the sender is stopped: the lease outlasts
//! the deadline of a request, and no request is sent late in a lease. Connecting is part of the step that writes the
//! journal: no other process sees it, and the journal is written over the version that was read before.
//! Not in it: a request that the server processes after its sender has given it up, and new authorizations.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::LazyLock;
use std::time::Duration;

use stateright::{Checker as _, CheckerBuilder, HasDiscoveries, Model, Property};
use zeroize::Zeroizing;

use super::{Journal, Next, OneTimeRecord, Outcome, Step, next, step};
use crate::clock::{Clock as _, ManualClock};
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{ApiError, Error, NetworkKind, OAuthErrorCode, ReauthorizationReason};
use crate::once::customer::IssuedCredentials;
use crate::secret::Secret;
use crate::store::{CustomerRecord, CustomerState, GrantRecord, GrantState, UnreadAnswer};
use crate::token::{AccessToken, RefreshToken, TokenSet};

/// What a server does when what works once is presented again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    /// It refuses.
    Reject,
    /// It refuses, and refuses every token of the family from then on.
    RevokeFamily,
    /// It gives the same tokens again.
    Grace,
}

/// A rule of the protocol that a fleet leaves out, to see that the model notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    CommitBeforePublish,
    JournalBeforeRequest,
    WaitForLease,
    RememberContest,
    KeepWhatCannotBeRead,
    ReadBeforeTheDeadline,
}

#[derive(Debug)]
struct Fleet<R> {
    processes: usize,
    reuse: Reuse,
    broken: Broken,
    /// How often any process begins.
    beginnings: u8,
    /// How much goes wrong: crashes, losses, failures of the store, leases that end before their holder is done.
    accidents: u8,
    kind: PhantomData<R>,
}

/// Tokens are numbered as the server issues them. Of a grant, access token 1 came with refresh token 1. Of a customer,
/// 0 is no credentials, and 1 are those that are issued once.
type Token = u8;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    version: u8,
    token: Token,
    contested: bool,
    /// Its token was issued less than a lease ago.
    recent: bool,
    /// The tokens in answers that it keeps unread.
    unread: Vec<Token>,
    state: State,
}

/// The state of a record, as the checker wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Ready { unresolved: u32 },
    InFlight { owner: usize, unresolved: u32 },
    Connected,
    Lost,
    Revoked,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    row: Row,
    /// The lease in the row, if there is one, has run out.
    lease_is_over: bool,
    /// What the server takes next; nothing when it has revoked the family.
    server: Option<Token>,
    processes: Vec<Process>,
    /// Tokens whose answers have arrived at a process that did not crash since, one bit each.
    arrived: u16,
    /// A release that can read every answer is in use.
    reads_all: bool,
    beginnings: u8,
    accidents: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Process {
    /// The token that its callers use.
    published: Token,
    at: At,
}

/// Where a process is.
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
    /// The server's answer is on the way back: the next token, or a refusal.
    Answered {
        row: Row,
        over: bool,
        answer: Option<Token>,
    },
    /// It is stopped, and the answer lies in its socket.
    Stopped {
        row: Row,
        over: bool,
        answer: Option<Token>,
    },
    /// It is about to write its outcome down, over this version.
    Writing {
        journal: Row,
        current: Row,
        over: bool,
        outcome: Wrote,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wrote {
    Yielded(Token),
    Unread(Token),
    Failed(Failure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Failure {
    /// What was presented does not work, or not again.
    Refused,
    /// No answer came, or one that nobody can read.
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
    /// The answer arrives in a form that this release cannot read.
    ArriveUnreadable(usize),
    /// The process is stopped, and its answer arrives.
    Stop(usize),
    Continue(usize),
    /// As much time as a lease is long.
    TimePasses,
    Crash(usize),
    /// Rekeying writes the row as it is.
    Reseal,
    /// All processes are of a later release from now on.
    Upgrade,
}

/// It stands still.
static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);

fn now() -> u64 {
    CLOCK.now().unix_millis()
}

fn unread(tokens: &[Token]) -> Vec<UnreadAnswer> {
    tokens.iter().map(|token| UnreadAnswer { bytes: Zeroizing::new(vec![*token]), asked_at: 0 }).collect()
}

fn unread_tokens(answers: &[UnreadAnswer]) -> Vec<Token> {
    answers.iter().map(|answer| answer.bytes[0]).collect()
}

/// A kind of record with a one-time operation.
trait Kind: OneTimeRecord + Debug + Send + Sync + 'static {
    /// The token of the first row.
    const FIRST: Token;

    fn of(row: &Row) -> Self;
    fn row(&self, version: u8) -> Row;
    fn yielded(token: Token) -> Self::Yield;
    fn error(failure: Failure) -> Error;
}

impl Kind for GrantRecord {
    const FIRST: Token = 1;

    fn of(row: &Row) -> Self {
        let refresh = RefreshToken(Secret::new(row.token.to_string()));
        let blank = Self::new(refresh, 0);
        Self {
            refresh_issued_at: if row.recent { now() } else { 0 },
            contested: row.contested,
            unread: unread(&row.unread),
            state: match row.state {
                State::Ready { unresolved } => GrantState::Idle { unresolved },
                State::InFlight { owner, unresolved } => {
                    GrantState::Exchanging { owner: owner.to_string(), until: 0, unresolved }
                }
                State::Lost => GrantState::Ended { reason: ReauthorizationReason::ResponseLost },
                State::Revoked => GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired },
                State::Connected => unreachable!("no grant is connected"),
            },
            ..blank.fulfilled(&blank, &Self::yielded(row.token))
        }
    }

    fn row(&self, version: u8) -> Row {
        Row {
            version,
            token: self.refresh.0.expose().parse().unwrap(),
            contested: self.contested,
            recent: self.refresh_issued_at > 0,
            unread: unread_tokens(&self.unread),
            state: match &self.state {
                GrantState::Idle { unresolved } => State::Ready { unresolved: *unresolved },
                GrantState::Exchanging { owner, unresolved, .. } => {
                    State::InFlight { owner: owner.parse().unwrap(), unresolved: *unresolved }
                }
                GrantState::Ended { reason: ReauthorizationReason::ResponseLost } => State::Lost,
                GrantState::Ended { reason: ReauthorizationReason::RevokedOrExpired } => State::Revoked,
                other => unreachable!("nobody forgets, exports or moves: {other:?}"),
            },
        }
    }

    fn yielded(token: Token) -> TokenSet {
        let access = AccessToken {
            value: Secret::new(token.to_string()),
            scopes: Vec::new(),
            issued: CLOCK.now(),
            lifetime: Duration::from_secs(1800),
        };
        let refresh = RefreshToken(Secret::new(token.to_string()));
        TokenSet { access: Some(access), issued: CLOCK.now(), refresh: Some(refresh) }
    }

    fn error(failure: Failure) -> Error {
        let unavailable = |sent| Error::TokenUnavailable {
            problem: "".into(),
            status: None,
            answer: Box::default(),
            sent,
            source: None,
        };
        match failure {
            Failure::Refused => Error::TokenRefused {
                error: OAuthErrorCode::InvalidGrant,
                status: 400,
                answer: Box::default(),
            },
            Failure::Unanswered => unavailable(true),
            Failure::Unsent => unavailable(false),
        }
    }
}

impl Kind for CustomerRecord {
    const FIRST: Token = 0;

    fn of(row: &Row) -> Self {
        let state = match row.state {
            State::Ready { unresolved } => CustomerState::Disconnected { unresolved },
            State::InFlight { owner, unresolved } => {
                CustomerState::Connecting { owner: owner.to_string(), until: 0, unresolved }
            }
            State::Connected => Self::yielded(row.token).state(),
            State::Lost | State::Revoked => unreachable!("no customer ends"),
        };
        Self { disconnects: 0, unread: unread(&row.unread), state }
    }

    fn row(&self, version: u8) -> Row {
        let (token, state) = match &self.state {
            CustomerState::Disconnected { unresolved } => (0, State::Ready { unresolved: *unresolved }),
            CustomerState::Connecting { owner, unresolved, .. } => {
                (0, State::InFlight { owner: owner.parse().unwrap(), unresolved: *unresolved })
            }
            CustomerState::Connected { client_id, .. } => (client_id.parse().unwrap(), State::Connected),
        };
        Row { version, token, contested: false, recent: false, unread: unread_tokens(&self.unread), state }
    }

    fn yielded(token: Token) -> IssuedCredentials {
        let client =
            OAuthClient::new(token.to_string(), "secret".into(), ClientAuthentication::Body).unwrap();
        IssuedCredentials { client, at: 0 }
    }

    fn error(failure: Failure) -> Error {
        match failure {
            Failure::Refused => Error::Api(Box::new(ApiError { status: 409, ..ApiError::default() })),
            Failure::Unanswered => Error::network(NetworkKind::Reset, true, None),
            Failure::Unsent => Error::network(NetworkKind::Reset, false, None),
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

    fn arrived(&self, token: Token) -> bool {
        self.arrived & (1 << token) != 0
    }
}

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Done,
    Unknown,
    Failed,
}

impl<R: Kind> Fleet<R> {
    /// The next step of a process by itself.
    fn go(&self, world: &mut World, index: usize, write: Write) -> Option<()> {
        let process = world.processes.get(index)?.clone();
        let mut published = process.published;
        let at = match process.at {
            At::Rest | At::Sent { .. } | At::Stopped { .. } => return None,
            At::Loaded(row) if row.token != published => {
                published = row.token;
                At::Rest
            }
            At::Loaded(row) => {
                let over = world.lease_is_over || self.broken == Broken::WaitForLease;
                match step(R::of(&row).operation_state(), over) {
                    Step::Wait if row == world.row => return None,
                    Step::Wait => At::Loaded(world.row.clone()),
                    _ if world.reads_all && !row.unread.is_empty() => At::Writing {
                        outcome: Wrote::Yielded(row.unread[0]),
                        journal: row.clone(),
                        current: row,
                        // It needs no lease: what is written is the same, whichever process reads it.
                        over: true,
                    },
                    Step::Stop => At::Rest,
                    Step::Begin { unresolved } => {
                        let journal = Journal { owner: index.to_string(), until: 0, unresolved };
                        let journalled = match self.broken {
                            Broken::JournalBeforeRequest => R::of(&row),
                            _ => R::of(&row).journalled(journal),
                        };
                        match write {
                            Write::Failed => At::Rest,
                            _ if !world.swap(row.version, journalled.row(0)) => At::Loaded(world.row.clone()),
                            Write::Unknown => At::Rest,
                            Write::Done => At::Journalled { row: world.row.clone(), over: false },
                        }
                    }
                }
            }
            // Its lease ended before it had sent a byte.
            At::Journalled { over: true, .. } => At::Loaded(world.row.clone()),
            At::Journalled { row, over } => At::Sent { row, over },
            At::Answered { row, over, answer } => self.arrive(world, &mut published, row, over, answer, true),
            At::Writing { journal, current, over, outcome } => {
                return self.write_down(
                    world,
                    index,
                    Process { published, at: At::Rest },
                    write,
                    (journal, current, over, outcome),
                );
            }
        };
        *world.processes.get_mut(index)? = Process { published, at };
        Some(())
    }

    /// An answer has arrived at a process that runs.
    fn arrive(
        &self,
        world: &mut World,
        published: &mut Token,
        row: Row,
        over: bool,
        answer: Option<Token>,
        readable: bool,
    ) -> At {
        let outcome = match answer {
            None => Wrote::Failed(Failure::Refused),
            Some(next) => {
                world.arrived |= 1 << next;
                if readable {
                    if self.broken == Broken::CommitBeforePublish {
                        *published = next;
                    }
                    Wrote::Yielded(next)
                } else if self.broken == Broken::KeepWhatCannotBeRead {
                    Wrote::Failed(Failure::Unanswered)
                } else {
                    Wrote::Unread(next)
                }
            }
        };
        At::Writing { journal: row.clone(), current: row, over, outcome }
    }

    /// One attempt to write an outcome down, as [`run`](crate::once::run) makes it.
    fn write_down(
        &self,
        world: &mut World,
        index: usize,
        mut process: Process,
        write: Write,
        (journal, current, over, outcome): (Row, Row, bool, Wrote),
    ) -> Option<()> {
        let real = match outcome {
            Wrote::Yielded(token) => Outcome::Yielded(R::yielded(token)),
            Wrote::Unread(token) => {
                Outcome::Unread(unread(&[token]).remove(0), R::error(Failure::Unanswered))
            }
            Wrote::Failed(failure) => Outcome::Failed(R::error(failure)),
        };
        let record = match next(&real, &R::of(&journal), &R::of(&current), now()) {
            Next::Write(record) => Some(record.row(0)),
            Next::Done => None,
            Next::Superseded => {
                process.at = At::Loaded(world.row.clone());
                *world.processes.get_mut(index)? = process;
                return Some(());
            }
        };
        let written = match record {
            None => true,
            Some(mut row) => {
                if self.broken == Broken::RememberContest {
                    row.contested &=
                        journal.contested || !matches!(journal.state, State::InFlight { unresolved: 0, .. });
                }
                write != Write::Failed && world.swap(current.version, row) && write == Write::Done
            }
        };
        if written {
            if let Wrote::Yielded(token) = outcome {
                process.published = token;
            }
        } else if !matches!(outcome, Wrote::Failed(_)) || (write == Write::Done) {
            let current = world.row.clone();
            process.at = At::Writing { journal, current, over, outcome };
        }
        *world.processes.get_mut(index)? = process;
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
                | At::Stopped { over, .. }
                | At::Writing { over, .. } => *over = true,
                At::Rest | At::Loaded(_) => {}
            }
        }
    }
}

impl<R: Kind> Model for Fleet<R> {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let row = Row {
            version: 1,
            token: R::FIRST,
            contested: false,
            recent: false,
            unread: Vec::new(),
            state: State::Ready { unresolved: 0 },
        };
        let process = Process { published: R::FIRST, at: At::Rest };
        vec![World {
            row,
            lease_is_over: false,
            server: Some(R::FIRST),
            processes: vec![process; self.processes],
            arrived: 0,
            reads_all: false,
            beginnings: self.beginnings,
            accidents: self.accidents,
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        for (index, process) in world.processes.iter().enumerate() {
            match process.at {
                At::Rest if world.beginnings > 0 => events.push(Event::Begin(index)),
                At::Rest => {}
                At::Sent { .. } => events.extend([Event::Serve(index), Event::LoseRequest(index)]),
                At::Answered { answer, .. } => {
                    events.extend([Event::Go(index), Event::LoseAnswer(index), Event::Stop(index)]);
                    if answer.is_some() {
                        events.push(Event::ArriveUnreadable(index));
                    }
                }
                At::Stopped { .. } => events.push(Event::Continue(index)),
                At::Journalled { .. } => events.extend([Event::Go(index), Event::CloseConnection(index)]),
                At::Loaded(_) | At::Writing { .. } => {
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
        if world.processes.iter().any(|process| matches!(process.at, At::Writing { .. })) {
            // To all others it is the same earlier or later.
            events.push(Event::Reseal);
        }
        if !world.reads_all && !world.row.unread.is_empty() {
            events.push(Event::Upgrade);
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut next = world.clone();
        let at = |index: usize| world.processes.get(index).map(|process| process.at.clone());
        let resting = world.processes.iter().all(|process| process.at == At::Rest);
        match event {
            Event::TimePasses if resting => {}
            Event::Begin(_) => next.beginnings = world.beginnings.checked_sub(1)?,
            Event::Go(_) | Event::Serve(_) | Event::Continue(_) | Event::Upgrade => {}
            _ => next.accidents = world.accidents.checked_sub(1)?,
        }
        let failed = |row: Row, over, why| At::Writing {
            journal: row.clone(),
            current: row,
            over,
            outcome: Wrote::Failed(why),
        };
        match event {
            Event::Begin(index) => next.processes.get_mut(index)?.at = At::Loaded(world.row.clone()),
            Event::Go(index) => self.go(&mut next, index, Write::Done)?,
            Event::WriteUnknown(index) => self.go(&mut next, index, Write::Unknown)?,
            Event::WriteFails(index) => self.go(&mut next, index, Write::Failed)?,
            Event::CloseConnection(index) => {
                let At::Journalled { row, over } = at(index)? else { return None };
                next.processes.get_mut(index)?.at = failed(row, over, Failure::Unsent);
            }
            Event::Serve(index) => {
                let At::Sent { row, over } = at(index)? else { return None };
                let answer = next.serve(row.token, self.reuse);
                next.processes.get_mut(index)?.at = At::Answered { row, over, answer };
            }
            Event::LoseRequest(index) | Event::LoseAnswer(index) => {
                let (At::Sent { row, over } | At::Answered { row, over, .. }) = at(index)? else {
                    return None;
                };
                next.processes.get_mut(index)?.at = failed(row, over, Failure::Unanswered);
            }
            Event::ArriveUnreadable(index) => {
                let At::Answered { row, over, answer } = at(index)? else { return None };
                let mut published = world.processes.get(index)?.published;
                let at = self.arrive(&mut next, &mut published, row, over, answer, world.reads_all);
                *next.processes.get_mut(index)? = Process { published, at };
            }
            Event::Stop(index) => {
                let At::Answered { row, over, answer } = at(index)? else { return None };
                if let Some(token) = answer {
                    next.arrived |= 1 << token;
                }
                next.processes.get_mut(index)?.at = At::Stopped { row, over, answer };
            }
            Event::Continue(index) => {
                let At::Stopped { row, over, answer } = at(index)? else { return None };
                let mut published = world.processes.get(index)?.published;
                // What fires first: the deadline, or the socket?
                let at = if over && self.broken == Broken::ReadBeforeTheDeadline {
                    failed(row, over, Failure::Unanswered)
                } else {
                    self.arrive(&mut next, &mut published, row, over, answer, true)
                };
                *next.processes.get_mut(index)? = Process { published, at };
            }
            Event::TimePasses => Self::time_passes(&mut next),
            Event::Crash(index) => {
                // With it goes what only it had.
                if let At::Stopped { answer: Some(token), .. }
                | At::Writing { outcome: Wrote::Yielded(token) | Wrote::Unread(token), .. } = at(index)?
                {
                    next.arrived &= !(1 << token);
                }
                next.processes.get_mut(index)?.at = At::Rest;
            }
            Event::Reseal => next.row.version += 1,
            Event::Upgrade => next.reads_all = true,
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
                        | At::Stopped { row, over: false, .. } => row.token == token,
                        At::Writing { journal, over: false, outcome: Wrote::Yielded(_), .. } => {
                            journal.token == token && matches!(journal.state, State::InFlight { .. })
                        }
                        _ => false,
                    })
                };
                (0..=9).all(|token| holders(token).count() <= 1)
            }),
            Property::always("callers use what is written down", |_: &Self, world: &World| {
                world.processes.iter().all(|process| process.published <= world.row.token)
            }),
            Property::always("an answer that arrived is never thrown away", |_: &Self, world: &World| {
                (0..=9).filter(|token| world.arrived(*token)).all(|token| {
                    let is_held = |process: &Process| match process.at {
                        At::Stopped { answer, .. } => answer == Some(token),
                        At::Writing { outcome: Wrote::Yielded(held) | Wrote::Unread(held), .. } => {
                            held == token
                        }
                        _ => false,
                    };
                    world.row.token >= token
                        || world.row.unread.contains(&token)
                        || world.processes.iter().any(is_held)
                })
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
                        At::Answered { answer: Some(next), .. }
                        | At::Stopped { answer: Some(next), .. }
                        | At::Writing { outcome: Wrote::Yielded(next) | Wrote::Unread(next), .. } => {
                            good(next)
                        }
                        _ => false,
                    });
                    good(world.row.token)
                        || saved
                        || world.row.contested
                        || !matches!(world.row.state, State::Ready { unresolved: 0 } | State::Revoked)
                },
            ),
            Property::always("a loss is never called a revocation", |_: &Self, world: &World| {
                world.row.state != State::Revoked
            }),
            Property::sometimes("an operation succeeds", |_: &Self, world: &World| {
                world.row.token == R::FIRST + 1
            }),
            Property::sometimes("an answer that was kept is read later", |_: &Self, world: &World| {
                world.reads_all && world.row.unread.is_empty() && world.row.token > R::FIRST
            }),
            Property::sometimes("an answer is lost for good", |model: &Self, world: &World| {
                let in_doubt = matches!(world.row.state, State::Ready { unresolved: 1.. });
                let resting = world.processes.iter().all(|process| process.at == At::Rest);
                model.reuse == Reuse::Grace
                    || world.row.state == State::Lost
                    || (in_doubt && resting && world.server == Some(R::FIRST + 1))
            }),
        ]
    }
}

fn explorer<R: Kind>(reuse: Reuse, broken: Broken) -> CheckerBuilder<Fleet<R>> {
    Fleet::<R> { processes: 3, reuse, broken, beginnings: 4, accidents: 3, kind: PhantomData }
        .checker()
        .threads(2)
}

fn explore_whole<R: Kind>(reuse: Reuse, least: usize) {
    let checker = explorer::<R>(reuse, Broken::Nothing).spawn_bfs().join();
    let states = checker.unique_state_count();
    assert!(checker.is_done() && states > least, "{reuse:?}: {states} states");
    checker.assert_properties();
}

#[test]
fn the_invariants_hold_for_grants_whose_server_rejects_reuse() {
    explore_whole::<GrantRecord>(Reuse::Reject, 400_000);
}

#[test]
fn the_invariants_hold_for_grants_whose_server_revokes_families() {
    explore_whole::<GrantRecord>(Reuse::RevokeFamily, 400_000);
}

#[test]
fn the_invariants_hold_for_grants_whose_server_grants_grace() {
    explore_whole::<GrantRecord>(Reuse::Grace, 400_000);
}

#[test]
fn the_invariants_hold_for_customers() {
    explore_whole::<CustomerRecord>(Reuse::Reject, 100_000);
}

fn breaks<R: Kind>(broken: Broken, reuse: Reuse, invariant: &'static str) {
    let first = HasDiscoveries::AllOf(BTreeSet::from([invariant]));
    let checker = explorer::<R>(reuse, broken).finish_when(first).spawn_bfs().join();
    checker.assert_any_discovery(invariant);
}

const IN_DOUBT: &str = "a token that is lost is known to be in doubt";
const NEVER_THROWN_AWAY: &str = "an answer that arrived is never thrown away";
const TWO_HOLDERS: &str = "no token is in the hands of two holders";

#[test]
fn without_any_one_rule_an_invariant_of_grants_breaks() {
    for (broken, reuse, invariant) in [
        (Broken::CommitBeforePublish, Reuse::Grace, "callers use what is written down"),
        (Broken::JournalBeforeRequest, Reuse::Reject, IN_DOUBT),
        (Broken::WaitForLease, Reuse::Reject, TWO_HOLDERS),
        (Broken::RememberContest, Reuse::RevokeFamily, IN_DOUBT),
        (Broken::KeepWhatCannotBeRead, Reuse::Reject, NEVER_THROWN_AWAY),
        (Broken::ReadBeforeTheDeadline, Reuse::Reject, NEVER_THROWN_AWAY),
    ] {
        breaks::<GrantRecord>(broken, reuse, invariant);
    }
}

#[test]
fn without_any_one_rule_an_invariant_of_customers_breaks() {
    // Nothing is contested: credentials that were issued stay valid.
    for (broken, invariant) in [
        (Broken::CommitBeforePublish, "callers use what is written down"),
        (Broken::JournalBeforeRequest, IN_DOUBT),
        (Broken::WaitForLease, TWO_HOLDERS),
        (Broken::KeepWhatCannotBeRead, NEVER_THROWN_AWAY),
        (Broken::ReadBeforeTheDeadline, NEVER_THROWN_AWAY),
    ] {
        breaks::<CustomerRecord>(broken, Reuse::Reject, invariant);
    }
}

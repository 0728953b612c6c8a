use std::collections::HashMap;

use super::*;
use crate::clock::ManualClock;
use crate::store::scripted::{Fate, ScriptedStore};
use crate::store::{EVENT_PREFIX, EVENT_RETENTION, MemoryStore, SealingKey};
use crate::webhook::signature::SigningKeys;

const KEY: &str = "the key of the subscription";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A fleet's store and clock.
#[derive(Clone)]
struct World {
    store: Arc<MemoryStore>,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: ManualClock::new() }
    }

    /// The inbox of one process.
    fn process(&self) -> Inbox {
        self.inbox("default", vec![Secret::new(KEY)], 3)
    }

    fn inbox(&self, name: &str, secrets: Vec<Secret>, attempts: u32) -> Inbox {
        let options = InboxOptions {
            name: name.into(),
            store: Arc::clone(&self.store) as _,
            sealing: None,
            secrets,
            tolerance: Tolerance::default(),
            authentication: None,
            attempts,
        };
        Inbox::new(options, Arc::new(self.clock.clone())).unwrap()
    }

    async fn records(&self) -> usize {
        self.store.due(u64::MAX, usize::MAX, None).await.unwrap().len()
    }

    /// Lets a second pass, so that a process looks at the store.
    fn second(&self) {
        self.clock.advance(Duration::from_millis(1300));
    }
}

fn signed(inbox: &Inbox, id: &str) -> (Delivery, Vec<u8>) {
    let body = format!(r#"{{"id":"{id}"}}"#).into_bytes();
    let delivery = Delivery {
        timestamp: inbox.seconds().to_string(),
        id: id.into(),
        name: "job.created".into(),
        version: "v1".into(),
        ..Delivery::default()
    };
    let signature = SigningKeys::new(&[Secret::new(KEY)]).sign(&delivery, &body).unwrap();
    (Delivery { signature, ..delivery }, body)
}

async fn accept(inbox: &Inbox, id: &str) -> Result<Accepted> {
    let (delivery, body) = signed(inbox, id);
    inbox.accept(&delivery, &body).await
}

/// The next event, if there is one now.
async fn next(inbox: &Inbox) -> Option<Claim> {
    // The runtime's time is paused: this passes once nothing else can go on.
    tokio::time::timeout(Duration::from_millis(1), inbox.next()).await.ok()?.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_event_is_handled_once_however_often_it_arrives() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    assert_eq!(accept(&one, "e").await.unwrap(), Accepted::Stored);
    assert_eq!(accept(&other, "e").await.unwrap(), Accepted::Duplicate);
    let claim = next(&one).await.unwrap();
    assert_eq!((claim.event.id.as_str(), claim.attempt), ("e", 1));
    assert!(next(&other).await.is_none(), "another process handles it");
    assert_eq!(one.settle(&claim, None).await.unwrap(), Settled::Handled);
    for _ in 0..30 {
        world.clock.advance(DAY);
        assert_eq!(accept(&other, "e").await.unwrap(), Accepted::Duplicate);
        assert!(next(&other).await.is_none() && next(&one).await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_process_that_ended_is_handled_by_another() {
    let world = World::new();
    let ended = world.process();
    let _ = next(&ended).await;
    accept(&ended, "stored").await.unwrap();
    accept(&ended, "begun").await.unwrap();
    let begun = next(&ended).await.unwrap();
    drop(ended);
    let other = world.process();
    let mut handled = HashMap::new();
    for _ in 0..60 {
        while let Some(claim) = next(&other).await {
            handled.insert(claim.event.id.clone(), claim.attempt);
            assert_eq!(other.settle(&claim, None).await.unwrap(), Settled::Handled);
        }
        world.second();
    }
    assert_eq!(handled.len(), 2);
    assert_eq!(handled[&begun.event.id], 2, "it was begun before");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_extended_is_not_taken_over() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    accept(&one, "e").await.unwrap();
    let claim = next(&one).await.unwrap();
    for _ in 0..200 {
        world.second();
        assert!(one.records.extend(&claim).await.unwrap());
        assert!(next(&other).await.is_none());
    }
    assert_eq!(one.settle(&claim, None).await.unwrap(), Settled::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_finds_its_event_taken() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    accept(&one, "e").await.unwrap();
    let late = next(&one).await.unwrap();
    let taken = loop {
        world.second();
        if let Some(claim) = next(&other).await {
            break claim;
        }
    };
    assert!(!one.records.extend(&late).await.unwrap());
    assert_eq!(one.hold(&late, DAY).await, AttemptEnd::Lost);
    assert_eq!(one.settle(&late, None).await.unwrap(), Settled::Lost);
    assert_eq!(other.settle(&taken, None).await.unwrap(), Settled::Handled);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_reported() {
    let world = World::new();
    let inbox = world.process();
    accept(&inbox, "e").await.unwrap();
    let claim = next(&inbox).await.unwrap();
    assert_eq!(inbox.hold(&claim, Duration::ZERO).await, AttemptEnd::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_fails_is_tried_again_and_then_given_up() {
    let world = World::new();
    let inbox = world.process();
    accept(&inbox, "e").await.unwrap();
    let mut waits = Vec::new();
    for attempt in 1..=3 {
        let claim = next(&inbox).await.unwrap();
        assert_eq!(claim.attempt, attempt);
        match inbox.settle(&claim, Some("it broke")).await.unwrap() {
            Settled::Again(at) => {
                waits.push((at - inbox.records.now()) / 1000);
                assert!(next(&inbox).await.is_none(), "not before its time");
                world.clock.advance(Duration::from_millis(at - inbox.records.now() + 1));
            }
            settled => assert_eq!((settled, attempt), (Settled::Dead, 3)),
        }
    }
    assert!((4..=5).contains(&waits[0]) && (18..=22).contains(&waits[1]), "{waits:?}");
    world.second();
    assert!(next(&inbox).await.is_none());
    let page = inbox.dead_letters(None).await.unwrap();
    assert!(page.next.is_none());
    let letter = &page.letters[0];
    assert_eq!((letter.event.id.as_str(), letter.attempts, letter.error.as_str()), ("e", 3, "it broke"));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_ends_each_process_is_given_up() {
    let world = World::new();
    accept(&world.process(), "e").await.unwrap();
    for attempt in 1..=3 {
        let process = world.process();
        let claim = loop {
            if let Some(claim) = next(&process).await {
                break claim;
            }
            world.second();
        };
        assert_eq!(claim.attempt, attempt);
    }
    let last = world.process();
    for _ in 0..120 {
        world.second();
        assert!(next(&last).await.is_none());
    }
    let letters = last.dead_letters(None).await.unwrap().letters;
    assert!(letters[0].error.contains("ended"), "{letters:?}");
}

#[tokio::test(start_paused = true)]
async fn dead_letters_are_listed_repeated_and_dropped() {
    let world = World::new();
    let inbox = world.inbox("default", vec![Secret::new(KEY)], 1);
    let other = world.inbox("other", vec![Secret::new(KEY)], 1);
    for number in 0..250 {
        accept(&inbox, &format!("e{number}")).await.unwrap();
        accept(&other, &format!("e{number}")).await.unwrap();
    }
    while let Some(claim) = next(&inbox).await {
        assert_eq!(inbox.settle(&claim, Some("no")).await.unwrap(), Settled::Dead);
    }
    while let Some(claim) = next(&other).await {
        other.settle(&claim, None).await.unwrap();
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = inbox.dead_letters(after).await.unwrap();
        found.extend(page.letters.into_iter().map(|letter| letter.event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 250);
    assert_eq!(inbox.depth().await.unwrap(), Depth { waiting: 0, dead: 250 });
    assert_eq!(other.depth().await.unwrap(), Depth { waiting: 0, dead: 0 });
    assert!(other.dead_letters(None).await.unwrap().letters.is_empty());
    assert!(inbox.repeat("e1").await.unwrap() && !inbox.repeat("e1").await.unwrap());
    assert!(inbox.drop_dead("e2").await.unwrap() && !inbox.drop_dead("e2").await.unwrap());
    assert!(!inbox.repeat("unknown").await.unwrap());
    assert_eq!(inbox.depth().await.unwrap(), Depth { waiting: 1, dead: 248 });
    world.second();
    let again = next(&inbox).await.unwrap();
    assert_eq!((again.event.id.as_str(), again.attempt), ("e1", 1));
    inbox.settle(&again, None).await.unwrap();
    world.second();
    assert!(next(&inbox).await.is_none());
    for id in ["e1", "e2"] {
        assert_eq!(accept(&inbox, id).await.unwrap(), Accepted::Duplicate);
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_is_refused_for_its_own_reason() {
    let world = World::new();
    let inbox = world.process();
    let (good, body) = signed(&inbox, "e");
    let resigned = |change: &dyn Fn(&mut Delivery), body: &[u8]| {
        let mut delivery = good.clone();
        change(&mut delivery);
        delivery.signature = inbox.sign(&delivery, body).unwrap();
        (delivery, body.to_vec())
    };
    let at = |seconds: i64| {
        let time = i64::try_from(inbox.seconds()).unwrap() + seconds;
        resigned(&|delivery| delivery.timestamp = time.to_string(), &body)
    };
    let table = [
        (
            (Delivery { signature: String::new(), ..good.clone() }, body.clone()),
            WebhookRefusal::MissingSignature,
        ),
        ((Delivery { signature: "v1=00".into(), ..good.clone() }, body.clone()), WebhookRefusal::NoMatch),
        ((good.clone(), b"{\"id\": \"e\"}".to_vec()), WebhookRefusal::NoMatch),
        ((Delivery { name: "job.updated".into(), ..good.clone() }, body.clone()), WebhookRefusal::NoMatch),
        (
            (Delivery { signature: "v1=00;".repeat(17), ..good.clone() }, body.clone()),
            WebhookRefusal::TooManySignatures,
        ),
        (at(-26 * 3600 - 1), WebhookRefusal::TooOld),
        (at(301), WebhookRefusal::FromFuture),
        (resigned(&|delivery| delivery.timestamp.clear(), &body), WebhookRefusal::MalformedTimestamp),
        (resigned(&|delivery| delivery.id = "a\u{e9}".into(), &body), WebhookRefusal::MalformedHeader),
        (resigned(&|_| {}, b"[]"), WebhookRefusal::MalformedBody),
    ];
    for ((delivery, body), expected) in table {
        for refused in
            [inbox.accept(&delivery, &body).await.map(drop), inbox.verify(&delivery, &body).map(drop)]
        {
            assert!(
                matches!(refused, Err(Error::WebhookRefused { reason }) if reason == expected),
                "{refused:?}"
            );
        }
    }
    assert_eq!(world.records().await, 0, "nothing of it was stored");
    assert_eq!(inbox.verify(&good, &body).unwrap().id, "e");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_one_process_requested_is_known_to_all() {
    let world = World::new();
    let (one, other) = (world.inbox("default", vec![], 3), world.inbox("default", vec![], 3));
    let refused = accept(&other, "e").await;
    assert!(matches!(refused, Err(Error::WebhookRefused { reason: WebhookRefusal::NoKey })), "{refused:?}");
    one.remember_secret(Secret::new(KEY)).await.unwrap();
    assert_eq!(accept(&one, "e1").await.unwrap(), Accepted::Stored);
    assert!(accept(&other, "e2").await.is_err(), "it has read the keys just before");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(accept(&other, "e2").await.unwrap(), Accepted::Stored);
    one.remember_secret(Secret::new("the next key")).await.unwrap();
    assert_eq!(accept(&one, "e3").await.unwrap(), Accepted::Stored, "the former key is still good");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_expected_by_all_processes_for_a_while() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    assert!(!other.is_handshake_expected().await.unwrap());
    one.expect_handshake(Duration::from_secs(60)).await.unwrap();
    assert!(other.is_handshake_expected().await.unwrap());
    world.clock.advance(Duration::from_secs(60));
    assert!(!other.is_handshake_expected().await.unwrap());
    one.expect_handshake(Duration::from_secs(60)).await.unwrap();
    one.expect_handshake(Duration::ZERO).await.unwrap();
    assert!(!other.is_handshake_expected().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn one_process_at_a_time_changes_the_subscriptions() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    let first = one.begin_subscribing().await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(10), other.begin_subscribing());
    assert!(waiting.await.is_err(), "both change them");
    one.end_subscribing(&first).await.unwrap();
    let second = other.begin_subscribing().await.unwrap();
    one.end_subscribing(&first).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(10), one.begin_subscribing());
    assert!(waiting.await.is_err(), "a process ended what another one had begun");
    world.clock.advance(Duration::from_secs(60));
    assert_ne!(one.begin_subscribing().await.unwrap(), second, "the other one has ended meanwhile");
}

#[tokio::test(start_paused = true)]
async fn what_the_vendors_log_has_is_taken_in_once_whenever_it_was_signed() {
    let world = World::new();
    let inbox = world.process();
    accept(&inbox, "known").await.unwrap();
    let (old, body) = signed(&inbox, "missed");
    world.clock.advance(DAY * 20);
    assert!(inbox.verify(&old, &body).is_err());
    let stored = TakenIn { accepted: Accepted::Stored, verified: true };
    assert_eq!(inbox.take_in(&old, &body).await.unwrap(), stored);
    let again = inbox.take_in(&old, b"{}").await.unwrap();
    assert_eq!(again, TakenIn { accepted: Accepted::Duplicate, verified: false });
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_accepts_nothing_and_loses_nothing() {
    let memory = Arc::new(MemoryStore::new());
    let failing = Arc::new(AtomicBool::new(false));
    let store = ScriptedStore::over(Arc::clone(&memory) as _, {
        let failing = Arc::clone(&failing);
        move |_| if failing.load(Ordering::Relaxed) { Fate::Fails("it is down") } else { Fate::Passes }
    });
    let world = World { store: memory, clock: ManualClock::new() };
    let inbox = Inbox::new(
        InboxOptions {
            name: "default".into(),
            store: Arc::new(store),
            sealing: Some(Sealing::Keys(vec![SealingKey::new(&Secret::new("5a".repeat(32))).unwrap()])),
            secrets: vec![Secret::new(KEY)],
            tolerance: Tolerance::default(),
            authentication: None,
            attempts: 3,
        },
        Arc::new(world.clock.clone()),
    )
    .unwrap();
    accept(&inbox, "e").await.unwrap();
    failing.store(true, Ordering::Relaxed);
    assert!(matches!(accept(&inbox, "f").await, Err(Error::Store { .. })));
    let failed = inbox.next().await;
    assert!(matches!(failed, Err(Error::Store { .. })), "{failed:?}");
    assert!(next(&inbox).await.is_none(), "it pauses");
    failing.store(false, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(30));
    let claim = next(&inbox).await.unwrap();
    failing.store(true, Ordering::Relaxed);
    let settling = inbox.settle(&claim, None);
    let healing = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        failing.store(false, Ordering::Relaxed);
    };
    assert_eq!(tokio::join!(settling, healing).0.unwrap(), Settled::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_reported_once_and_does_not_stop_others() {
    let world = World::new();
    let inbox = world.process();
    accept(&inbox, "good").await.unwrap();
    let due = EventBand::Ready.at(0);
    world.store.swap("event:default:bad", 0, b"rubbish".to_vec(), due).await.unwrap();
    let (mut errors, mut handled) = (0, 0);
    for _ in 0..50 {
        match tokio::time::timeout(Duration::from_millis(1), inbox.next()).await {
            Err(_) => {}
            Ok(Err(error)) => {
                assert!(error.to_string().contains("event:default:bad"), "{error}");
                errors += 1;
            }
            Ok(Ok(claim)) => {
                inbox.settle(&claim.unwrap(), None).await.unwrap();
                handled += 1;
            }
        }
        world.second();
    }
    assert_eq!((errors, handled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_what_waits_for_events() {
    let inbox = World::new().process();
    let (one, other, ()) = tokio::join!(inbox.next(), inbox.next(), async { inbox.close() });
    assert!(one.unwrap().is_none() && other.unwrap().is_none());
    assert!(inbox.next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_store_stays_bounded_over_two_months() {
    #[expect(clippy::disallowed_methods, reason = "a test has other settings in a night")]
    let events = std::env::var("EVENTS").map_or(20_000, |events| events.parse().unwrap());
    let events: u32 = events;
    let world = World::new();
    let inbox = world.inbox("default", vec![Secret::new(KEY)], 1);
    let retention = Duration::from_millis(EVENT_RETENTION);
    let (mut most, mut handled) = (0, 0);
    for number in 0..2 * events {
        accept(&inbox, &format!("event-{number}")).await.unwrap();
        let claim = next(&inbox).await.unwrap();
        // One in a hundred is given up.
        let failure = (number % 100 == 0).then_some("no");
        handled += u32::from(inbox.settle(&claim, failure).await.unwrap() == Settled::Handled);
        world.clock.advance(retention / events);
        // Counting takes longer the more there are.
        if number % (events / 20) == 0 {
            most = most.max(world.records().await);
        }
    }
    let expected = events as usize;
    assert_eq!(handled, 2 * events - 2 * events / 100);
    assert!(most <= expected + expected / 50 + 200, "{most} records for {expected} events a month");
    assert!(most > expected * 9 / 10, "{most}: copies would not be recognized for the whole month");
    assert!(inbox.fresh.all().len() <= 1);
    for _ in 0..events / 50 + 50 {
        world.clock.advance(retention / 100);
        assert!(next(&inbox).await.is_none());
    }
    assert_eq!(world.records().await, 0);
}

#[tokio::test(start_paused = true)]
async fn events_are_no_grants() {
    let world = World::new();
    let inbox = world.process();
    accept(&inbox, "e").await.unwrap();
    let all = world.store.due(u64::MAX, 10, None).await.unwrap();
    assert!(
        all.iter().all(|place| place.id.starts_with(EVENT_PREFIX) && !crate::store::is_grant_id(&place.id))
    );
    let living_grants = world.store.due(inbox.records.now() + 28 * 86_400_000, 10, None).await.unwrap();
    assert!(
        living_grants.is_empty(),
        "a walk through grants that are due passes no event: {living_grants:?}"
    );
}

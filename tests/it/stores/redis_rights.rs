//! What the user of Redis may do: all that is documented, each of it needed, and nothing else tried. And what becomes of
//! one node of a cluster.

use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::environment::Variables;
use smartrecruiters::limit::{PermitReport, RedisLimits, RedisLimitsOptions, SharedWindow};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{NEVER, RedisOptions, RedisStore, Store};

use super::redis_failover::permits;
use super::servers::Server;
use super::{awaited, contract, served};

/// The rights that `docs/redis.md` tells administrators to grant.
fn documented() -> Vec<String> {
    rights("+evalsha")
}

/// The rights in the command of `docs/redis.md` that has this one among them.
pub(super) fn rights(one: &str) -> Vec<String> {
    let text = include_str!("../../../docs/redis.md");
    let mut lines = text.lines().filter(|line| line.starts_with("ACL SETUSER smartrecruiters"));
    let line = lines.find(|line| line.split(' ').any(|word| word == one)).unwrap();
    line.split(' ').skip(3).map(|word| word.replace("PASSWORD", "canary")).collect()
}

/// The default user, once the server serves.
async fn admin(server: &Server) -> redis::aio::MultiplexedConnection {
    let url = format!("redis://:canary@127.0.0.1:{}/0", server.port);
    let options = RedisOptions {
        url: Secret::new(url.clone()),
        namespace: None,
        ca: None,
        variables: Variables::default(),
    };
    served(&RedisStore::new(options).unwrap()).await;
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn set_user(admin: &mut redis::aio::MultiplexedConnection, rights: &[String]) {
    let mut command = redis::cmd("ACL");
    let () = command.arg("SETUSER").arg("smartrecruiters").arg(rights).query_async(admin).await.unwrap();
}

/// How often the user tried what it may not do, since this was last asked.
async fn denials(admin: &mut redis::aio::MultiplexedConnection) -> usize {
    let entries: Vec<redis::Value> = redis::cmd("ACL").arg("LOG").query_async(admin).await.unwrap();
    let () = redis::cmd("ACL").arg("LOG").arg("RESET").query_async(admin).await.unwrap();
    entries.len()
}

fn url(server: &Server) -> Secret {
    Secret::new(format!("redis://smartrecruiters:canary@127.0.0.1:{}", server.port))
}

fn store(server: &Server) -> RedisStore {
    RedisStore::new(RedisOptions {
        url: url(server),
        namespace: None,
        ca: None,
        variables: Variables::default(),
    })
    .unwrap()
}

/// Everything that store and limits ever ask for; true if all of it worked.
async fn exercise(server: &Server) -> bool {
    let store = store(server);
    let swap = async |version, due| store.swap("exercised", version, b"bytes".to_vec(), due).await.is_ok();
    let mut worked = swap(0, 1).await & swap(1, NEVER).await;
    worked &= store.load("exercised").await.is_ok() & store.due(NEVER, 10, None).await.is_ok();
    worked &= store.remove("exercised", 2).await.is_ok();
    worked &= store.warnings().await.is_ok_and(|warnings| warnings.is_empty());
    let limits = RedisLimits::new(
        RedisLimitsOptions { url: url(server), ca: None, variables: Variables::default() },
        |_| {},
    )
    .unwrap();
    worked &= limits.ask(permits()).await.is_ok();
    // The first second is silent, so that there are no permits before.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut ask = permits();
    ask.wanted = 11;
    ask.reports = vec![
        (1, PermitReport::Pending),
        (1, PermitReport::Open),
        (1, PermitReport::Received { ago: Duration::ZERO, second: Duration::from_secs(1) }),
        (1, PermitReport::GivenUp(Duration::from_secs(1))),
        (1, PermitReport::Finished),
        (1, PermitReport::Unused),
    ];
    worked &= limits.ask(ask.clone()).await.is_ok() & limits.ask(ask.clone()).await.is_ok();
    ask.reports = vec![(1, PermitReport::Refused(Duration::from_millis(1)))];
    worked & limits.ask(ask).await.is_ok()
}

#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything_and_tries_nothing_else() {
    let server = Server::redis();
    let mut admin = admin(&server).await;
    set_user(&mut admin, &documented()).await;
    denials(&mut admin).await;
    contract::check(|| Arc::new(store(&server))).await;
    assert!(exercise(&server).await);
    assert_eq!(denials(&mut admin).await, 0);
}

#[tokio::test]
async fn each_of_the_documented_rights_is_needed_and_named_where_it_is_missing() {
    let server = Server::redis();
    let mut admin = admin(&server).await;
    let commands: Vec<_> = documented().into_iter().filter(|right| right.starts_with('+')).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        set_user(&mut admin, &documented()).await;
        set_user(&mut admin, &[command.replace('+', "-")]).await;
        let () = redis::cmd("FLUSHALL").query_async(&mut admin).await.unwrap();
        let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut admin).await.unwrap();
        denials(&mut admin).await;
        // Without CONFIG nothing fails: managed servers refuse it to everyone.
        let worked = exercise(&server).await;
        assert_eq!(worked, command == "+config|get", "{command}");
        assert!(denials(&mut admin).await > 0, "{command} is never used");
    }
    set_user(&mut admin, &documented()).await;
    set_user(&mut admin, &["-info".to_owned()]).await;
    let warnings = store(&server).warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("may not run INFO"), "{warnings:?}");
    for (right, word) in [
        ("-hset", "a command of the script"),
        ("-evalsha", "`evalsha`"),
        ("-set", "`set`"),
        ("resetkeys", "keys"),
    ] {
        set_user(&mut admin, &documented()).await;
        set_user(&mut admin, &[right.to_owned()]).await;
        let error = store(&server).swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("docs/redis.md"), "{right}: {error}");
    }
}

#[tokio::test]
async fn a_store_and_limits_work_in_a_cluster_of_one_node() {
    let server = Server::redis_of_a_cluster();
    let open = |namespace: &str| {
        let url = Secret::new(format!("redis://:canary@127.0.0.1:{}", server.port));
        let namespace = Some(namespace.to_owned());
        Arc::new(
            RedisStore::new(RedisOptions { url, namespace, ca: None, variables: Variables::default() })
                .unwrap(),
        )
    };
    let early = awaited("a server that takes connections", async || {
        let error = open("early").load("g").await.unwrap_err().to_string();
        (!error.contains("refuses connections")).then_some(error)
    })
    .await;
    assert!(early.contains("is a node of a cluster"), "{early}");
    let client = redis::Client::open(format!("redis://:canary@127.0.0.1:{}", server.port)).unwrap();
    let mut admin = client.get_multiplexed_async_connection().await.unwrap();
    let slots = redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16383).to_owned();
    let () = slots.query_async(&mut admin).await.unwrap();
    for namespace in ["default", "eu-1.prod_2"] {
        served(&*open(namespace)).await;
    }
    contract::check(|| open("default")).await;
    let url = Secret::new(format!("redis://:canary@127.0.0.1:{}", server.port));
    let limits =
        RedisLimits::new(RedisLimitsOptions { url, ca: None, variables: Variables::default() }, |_| {})
            .unwrap();
    assert_eq!(limits.ask(permits()).await.unwrap().members, 1);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut admin).await.unwrap();
    assert!(keys.iter().any(|key| key.starts_with("smartrecruiters:{default}:records:")), "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("smartrecruiters:") && key.contains('{')));
    assert!(!keys.iter().any(|key| key.contains("grant")), "{keys:?}");
}

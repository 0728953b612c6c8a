use super::*;

fn parse(url: &str) -> Result<ServerUrl> {
    ServerUrl::parse(&Secret::new(url))
}

fn place(url: &str) -> String {
    let shown =
        |addresses: &[Address]| addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(" ");
    match parse(url).unwrap_or_else(|error| panic!("{url}: {error}")).place {
        Place::Server(address) => address.to_string(),
        Place::Sentinels { sentinels, service, .. } => format!("{service} at {}", shown(&sentinels)),
        Place::Cluster(nodes) => format!("cluster {}", shown(&nodes)),
    }
}

#[test]
fn a_url_leads_to_a_host_or_a_socket() {
    for (url, expected) in [
        ("redis://redis.example.com", "redis.example.com:6379"),
        ("redis://redis.example.com:7000/3", "redis.example.com:7000"),
        ("REDISS://redis.example.com", "redis.example.com:6379"),
        ("valkeys://10.0.0.1:1", "10.0.0.1:1"),
        ("redis://[::1]:7000", "[::1]:7000"),
        ("redis://:p,w@redis.example.com", "redis.example.com:6379"),
        #[cfg(unix)]
        ("unix:///run/redis.sock?db=2", "/run/redis.sock"),
        #[cfg(unix)]
        ("redis+unix:///run/a%20b.sock", "/run/a b.sock"),
        ("redis-sentinel://a,b:1,[::1]/main", "main at a:26379 b:1 [::1]:26379"),
        ("rediss+sentinel://u:p,w@a:2/eu-1.main_2/3", "eu-1.main_2 at a:2"),
        ("redis-cluster://:a:1,b@a:1,b", "cluster a:1 b:6379"),
        ("valkeys-cluster://a/0", "cluster a:6379"),
    ] {
        assert_eq!(place(url), expected);
    }
    assert!(parse("rediss-cluster://a").unwrap().tls && !parse("redis-sentinel://a/m").unwrap().tls);
    assert!(parse("rediss://h").unwrap().tls && parse("redis+tls://h").unwrap().tls);
    assert!(!parse("redis://h").unwrap().tls);
}

#[test]
fn user_password_database_and_protocol_are_decoded() {
    let login = parse("redis://us%3Aer:p%40ss%2Fw%23d@h/7?protocol=resp3&family=4").unwrap();
    assert_eq!(login.login.username(), Some("us:er"));
    assert_eq!(login.login.password(), Some("p@ss/w#d"));
    assert_eq!((login.login.db(), login.login.protocol()), (7, ProtocolVersion::RESP3));
    let plain = parse("redis://:pw@h?db=2&ssl_cert_reqs=required").unwrap().login;
    assert_eq!((plain.username(), plain.password(), plain.db()), (None, Some("pw"), 2));
    assert_eq!(plain.protocol(), ProtocolVersion::RESP2);
    let none = parse("redis://h/").unwrap().login;
    assert_eq!((none.username(), none.password(), none.db()), (None, None, 0));
    #[cfg(unix)]
    assert_eq!(parse("unix:///s?user=u&pass=p").unwrap().login.password(), Some("p"));
}

#[test]
fn sentinels_have_a_login_of_their_own() {
    let url =
        parse("redis-sentinel://u:pw@a/m/7?sentinel_username=s&sentinel_password=p%26w&replicas=1").unwrap();
    let Place::Sentinels { login, .. } = url.place else { panic!("no sentinels") };
    assert_eq!((login.username(), login.password(), login.db()), (Some("s"), Some("p&w"), 0));
    assert_eq!((url.login.password(), url.login.db(), url.replicas), (Some("pw"), 7, Some(1)));
    let url = parse("redis-sentinel://u:pw@a/m").unwrap();
    let Place::Sentinels { login, .. } = url.place else { panic!("no sentinels") };
    assert_eq!((login.username(), login.password(), url.replicas), (None, None, None));
}

#[test]
fn servers_name_each_other_with_or_without_a_host() {
    let at = Address::Tcp { host: "own".into(), port: 1, family: Family::V4 };
    for (reported, expected) in [
        ("10.0.0.2:6380", Some("10.0.0.2:6380")),
        ("2001:db8::1:6380", Some("[2001:db8::1]:6380")),
        (":6380", Some("own:6380")),
        ("?:6380", Some("own:6380")),
        ("redis-2.internal:6380", Some("redis-2.internal:6380")),
        ("10.0.0.2", None),
        ("10.0.0.2:x", None),
    ] {
        assert_eq!(Address::named(reported, &at).map(|at| at.to_string()).as_deref(), expected);
    }
    assert_eq!(Address::named("a:1", &Address::Unix("/s".into())), None);
}

#[test]
fn what_is_not_supported_is_refused_by_name_and_never_quoted() {
    for (url, word) in [
        ("", "redis://user"),
        ("canary", "redis://user"),
        ("http://canary@host", "redis://user"),
        ("redis://", "redis://user"),
        ("redis://canary@host:99999999", "redis://user"),
        ("redis://u:can%FFary@host", "redis://user"),
        ("redis://canary@host", "without a password"),
        ("redis://u:canary@host/canary", "number of a database"),
        ("redis://u:canary@host?protocol=canary", "resp3"),
        ("redis://u:canary@host?family=canary", "family"),
        ("redis://u:canary@host?tls_insecure=canary", "`tls_insecure`"),
        ("redis://u:canary@host?canary-%20=1", "a parameter"),
        ("rediss://u:canary@host#insecure", "not to check"),
        ("rediss://u:canary@host?ssl_cert_reqs=none", "not to check"),
        ("redis://u:pw#canary@host", "redis://user"),
        ("redis://host/0#canary", "%23"),
        ("redis-sentinel://canary@a,b/mymaster", "without a password"),
        ("redis-sentinel://u:canary@a,b", "name the service"),
        ("redis-sentinel://u:canary@a,b/can%20ary", "name the service"),
        ("redis-sentinel://a,canary@:b/mymaster", "redis://user"),
        ("redis-sentinel://a/m?sentinel_username=canary", "without a password"),
        ("redis://a?sentinel_password=canary", "`sentinel_password`"),
        ("sentinel://u:canary@a/mymaster", "redis-sentinel://"),
        ("redis-cluster://u:canary@a/1", "only supported with database 0"),
        ("cluster://u:canary@a", "redis-cluster://"),
        ("redis://u:canary@a:1,b:2", "redis-cluster://"),
        ("redis://u:canary@a?replicas=canary", "replicas"),
        ("rediss+unix:///canary", "TLS"),
        ("redis+unix-sentinel:///canary", "Sentinels"),
        ("unix-cluster:///canary", "cluster"),
        ("unix://canary", "socket"),
        ("unix:///", "socket"),
    ] {
        let Err(Error::Configuration { field, problem }) = parse(url).map(|_| ()) else {
            panic!("{url} was taken");
        };
        assert_eq!(field, "url");
        assert!(problem.contains(word), "{url}: {problem}");
        assert!(!problem.contains("canary"), "{url}: {problem}");
    }
}

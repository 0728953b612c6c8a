use super::*;

fn parse(text: &str) -> Target {
    Target::parse(text, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    match Target::parse(text, None) {
        Ok(_) => panic!("{text} is not refused"),
        Err(error) => {
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
            error.to_string()
        }
    }
}

fn hosts(text: &str) -> Vec<String> {
    parse(text).hosts.iter().map(ToString::to_string).collect()
}

#[test]
fn hosts_are_named_as_messages_show_them() {
    for (text, expected) in [
        ("postgres://u:p@db/d", &["db:5432"][..]),
        ("postgres://u:p@db:6543/d", &["db:6543"]),
        ("postgres://a,b:2,[::1]:3/d", &["a:5432", "b:2", "[::1]:3"]),
        ("postgres://%2Frun%2Fpostgresql/d", &["/run/postgresql/.s.PGSQL.5432"]),
        ("postgres:///d?host=/run/postgresql&port=7", &["/run/postgresql/.s.PGSQL.7"]),
        ("host=a,b port=6 user=u", &["a:6", "b:6"]),
        ("host=a,b port=6,7", &["a:6", "b:7"]),
        ("hostaddr=10.0.0.1,fe80::1", &["10.0.0.1:5432", "[fe80::1]:5432"]),
        ("host=db hostaddr=10.0.0.1", &["db:5432"]),
    ] {
        assert_eq!(hosts(text), expected, "{text}");
    }
}

#[test]
fn what_leads_nowhere_is_refused() {
    for (text, problem) in [
        ("postgres:///d", "no host"),
        ("user=u", "no host"),
        ("postgres://a,,b/d", "empty entry"),
        ("postgres://a:canary/d", "port"),
        ("postgres://a:0/d", "port"),
        ("postgres://a:65536/d", "port"),
        ("host=a,b,c port=1,2", "one for each host"),
        ("host=a,b hostaddr=10.0.0.1", "hostaddr"),
        ("hostaddr=canary", "not an IP address"),
    ] {
        assert!(refusal(text).contains(problem), "{text}: {}", refusal(text));
    }
}

#[test]
fn an_unknown_parameter_is_named_and_a_piece_of_a_password_is_not() {
    for name in ["foo", "require_auth", "sslcrl", "service", "passfile", "replication", "SSLMODE"] {
        assert!(
            refusal(&format!("postgres://u:p@h/d?{name}=canary")).contains(&format!("`{name}`")),
            "{name}"
        );
        assert!(refusal(&format!("host=h user=u {name}=canary")).contains(&format!("`{name}`")), "{name}");
    }
    for text in
        ["postgres://u:1?canary=x@h/d", "host=h password=x canary=y", "postgres://u:p@h/d?can%20ary=x"]
    {
        assert!(refusal(text).contains("percent-encoded"), "{text}: {}", refusal(text));
    }
}

#[test]
fn what_frameworks_add_is_honoured_or_ignored() {
    let text = "postgres://u:p@h/d?pgbouncer=true&pool_timeout=0&statement_cache_size=0&uselibpqcompat=true&supa=x\
                &gssencmode=disable&client_encoding=UTF8";
    assert_eq!(parse(text).connections, None);
    let target =
        parse("postgres://u:p@h/d?schema=my%20app&connection_limit=7&socket_timeout=3&connect_timeout=2");
    assert_eq!((target.schema.as_deref(), target.connections), (Some("my app"), Some(7)));
    assert_eq!((target.answer_timeout.as_secs(), target.connect_timeout.as_secs()), (3, 2));
    let target = parse("postgres://u:p@h/d?connection_limit=0&connect_timeout=0&socket_timeout=3600&schema=");
    assert_eq!((target.schema, target.connections), (None, Some(1)));
    assert_eq!((target.answer_timeout, target.connect_timeout), (LONGEST_TIMEOUT, CONNECT_TIMEOUT));
    for (text, name) in [("", "smartrecruiters"), ("application_name=a&fallback_application_name=b", "a")] {
        let target = parse(&format!("postgres://u:p@h/d?{text}"));
        assert_eq!(target.config.get_application_name(), Some(name));
    }
    assert_eq!(parse("postgres://h/d?fallback_application_name=b").config.get_application_name(), Some("b"));
    assert_eq!(parse("postgres://h/d?options=-c%20x%3D1").config.get_options(), Some("-c x=1"));
}

#[test]
fn a_bad_value_is_refused_with_the_name_of_its_parameter() {
    for name in [
        "sslmode",
        "target_session_attrs",
        "connect_timeout",
        "socket_timeout",
        "connection_limit",
        "channel_binding",
        "gssencmode",
        "sslaccept",
        "ssl",
        "keepalives",
        "tcp_user_timeout",
        "load_balance_hosts",
        "sslnegotiation",
        "ssl_min_protocol_version",
    ] {
        assert!(
            refusal(&format!("postgres://u:p@h/d?{name}=canary")).contains(&format!("`{name}`")),
            "{name}"
        );
    }
    assert!(refusal("postgres://h/d?sslnegotiation=direct").contains("sslmode=require"));
    assert!(refusal("postgres://h/d?sslmode=require&sslrootcert=system").contains("verify-full"));
}

/// Encryption, and whether authority and name are verified.
type Security = (Encryption, bool, bool);

#[test]
fn sslmode_means_what_libpq_says() {
    use Encryption::{Always, IfDemanded, IfOffered, Never};
    let plain: [(&str, Security); 15] = [
        ("", (IfOffered, false, false)),
        ("sslmode=disable", (Never, false, false)),
        ("sslmode=allow", (IfDemanded, false, false)),
        ("sslmode=prefer", (IfOffered, false, false)),
        ("sslmode=require", (Always, false, false)),
        ("sslmode=verify-ca", (Always, true, false)),
        ("sslmode=verify-full", (Always, true, true)),
        ("sslmode=no-verify", (Always, false, false)),
        ("sslrootcert=system", (Always, true, true)),
        ("sslmode=require&sslrootcert=/x", (Always, true, false)),
        ("ssl=true", (Always, true, true)),
        ("ssl=true&sslmode=require", (Always, false, false)),
        ("ssl=0", (Never, false, false)),
        ("sslmode=require&sslaccept=strict", (Always, true, true)),
        ("sslaccept=accept_invalid_certs", (IfOffered, false, false)),
    ];
    let security =
        |target: Target| (target.encryption, target.tls.verifies_authority, target.tls.verifies_name);
    for (query, expected) in plain {
        assert_eq!(security(parse(&format!("postgres://u:p@h/d?{query}"))), expected, "{query}");
    }
    for (query, expected) in [
        ("", (Always, true, true)),
        ("?sslmode=require", (Always, true, false)),
        ("?sslmode=prefer", (IfOffered, true, false)),
        ("?sslmode=no-verify", (Always, false, false)),
    ] {
        let target = Target::parse(&format!("postgres://u:p@h/d{query}"), Some("-")).unwrap();
        assert_eq!(security(target), expected, "with `ca`: {query}");
    }
}

#[test]
fn several_hosts_lead_to_one_that_accepts_writes() {
    for (text, expected) in [
        ("postgres://a/d", Session::Any),
        ("postgres://a,b/d", Session::Writable),
        ("postgres://a,b/d?target_session_attrs=any", Session::Any),
        ("postgres://a/d?target_session_attrs=read-write", Session::Writable),
        ("postgres://a,b/d?target_session_attrs=primary", Session::Primary),
    ] {
        assert_eq!(parse(text).session, expected, "{text}");
    }
    for value in ["read-only", "standby", "prefer-standby"] {
        let problem = refusal(&format!("postgres://a,b/d?target_session_attrs={value}"));
        assert!(problem.contains(value) && problem.contains("read-write"), "{problem}");
    }
    assert!(parse("postgres://a,b/d?load_balance_hosts=random").shuffle);
}

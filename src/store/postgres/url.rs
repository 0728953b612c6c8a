//! [`Parameters`]: parses a connection string in either form that libpq reads.
//!
//! The forms are those of <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>. `target.rs`
//! interprets the parameters. No message quotes the text, which may hold a password.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Parameter names that are longer than this are not shown in messages.
const LONGEST_NAME: usize = 40;

/// The parameters of a connection string, in their order. If one is given twice, the later one counts.
pub(super) struct Parameters {
    pub(super) pairs: Vec<(String, Zeroizing<String>)>,
    doubtful: Doubtful,
}

/// Which parameter names might be part of a password that was not encoded correctly.
#[derive(PartialEq)]
enum Doubtful {
    None,
    /// All names, in a URL whose only `@` comes after a `?`.
    All,
    /// The names after the password, in pairs, where a space may have ended the password too early.
    AfterPassword,
}

impl Parameters {
    /// Reads a URL (`postgres://…`), or pairs (`host=… user=…`).
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let scheme =
            |scheme: &&&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        match SCHEMES.iter().find(scheme) {
            Some(scheme) => Self::of_url(&text[scheme.len()..]),
            None if text.contains("://") || !text.contains('=') => Err(malformed()),
            None => Self::of_pairs(text),
        }
    }

    fn of_url(text: &str) -> Result<Self> {
        let (authority, rest) = text.split_at(text.find(['/', '?']).unwrap_or(text.len()));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // The last `@` ends the password, so that a password that is not percent-encoded does not end up in a host
        // name.
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None if path.contains('@') => return Err(unencoded()),
            None => (None, authority),
        };
        let mut parameters = Self { pairs: Vec::new(), doubtful: Doubtful::None };
        if user.is_none() && query.contains('@') {
            parameters.doubtful = Doubtful::All;
        }
        if let Some(user) = user {
            let (name, password) =
                user.split_once(':').map_or((user, None), |(name, rest)| (name, Some(rest)));
            parameters.add("user", name)?;
            if let Some(password) = password {
                parameters.add("password", password)?;
            }
        }
        if !hosts.is_empty() {
            let (names, ports) = split_hosts(hosts)?;
            parameters.add("host", &names)?;
            parameters.add("port", &ports)?;
        }
        if let Some(name) = path.strip_prefix('/').filter(|name| !name.is_empty()) {
            parameters.add("dbname", name)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(unencoded)?;
            parameters.add(&decode(name)?, value)?;
        }
        Ok(parameters)
    }

    /// Adds a parameter whose value is percent-encoded.
    fn add(&mut self, name: &str, value: &str) -> Result<()> {
        let value = decode(value)?;
        self.pairs.push((name.to_owned(), value));
        Ok(())
    }

    /// Reads pairs of `name = value`, separated by white space. A value that is empty or has spaces is quoted by `'`,
    /// and `\` escapes a character.
    fn of_pairs(text: &str) -> Result<Self> {
        let mut pairs = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or_else(malformed)?;
            let (value, after) = pair_value(after.trim_start())?;
            pairs.push((name.trim().to_owned(), value));
            rest = after.trim_start();
        }
        Ok(Self { pairs, doubtful: Doubtful::AfterPassword })
    }

    /// The name of the parameter at this index, for a message. `None` if it might be part of a password.
    pub(super) fn shown(&self, index: usize) -> Option<&str> {
        let (name, _) = self.pairs.get(index)?;
        let before = index.checked_sub(1).and_then(|index| self.pairs.get(index));
        let is_doubtful = match self.doubtful {
            Doubtful::None => false,
            Doubtful::All => true,
            Doubtful::AfterPassword => before.is_some_and(|(name, _)| name == "password"),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain);
        (is_name && !is_doubtful).then_some(name)
    }
}

/// Splits a list of hosts into their names and ports, each separated by commas: `[::1]:5432,db` becomes `::1,db` and
/// `5432,`.
fn split_hosts(hosts: &str) -> Result<(String, String)> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let (name, after) = rest.split_once(']').ok_or_else(malformed)?;
                (name, after.strip_prefix(':').or(after.is_empty().then_some("")).ok_or_else(malformed)?)
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(name);
        ports.push(port);
    }
    Ok((names.join(","), ports.join(",")))
}

/// The value at the beginning of `text`, and what follows it.
fn pair_value(text: &str) -> Result<(Zeroizing<String>, &str)> {
    let (quoted, text) = text.strip_prefix('\'').map_or((false, text), |text| (true, text));
    let mut value = Zeroizing::new(String::new());
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[index + 1..])),
            character if !quoted && character.is_whitespace() => return Ok((value, &text[index..])),
            character => value.push(character),
        }
    }
    if quoted { Err(malformed()) } else { Ok((value, "")) }
}

fn decode(text: &str) -> Result<Zeroizing<String>> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        if byte == b'%' && !(is_hex(bytes.next()) && is_hex(bytes.next())) {
            return Err(unencoded());
        }
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| unencoded())?;
    if decoded.contains('\0') {
        return Err(malformed());
    }
    Ok(Zeroizing::new(decoded.into_owned()))
}

fn malformed() -> Error {
    let problem =
        "must be a URL such as postgres://user:password@db.example.com:5432/app?sslmode=verify-full";
    Error::configuration("url", problem)
}

fn unencoded() -> Error {
    let problem = "has a character that must be percent-encoded: give user, password and database through \
                   encodeURIComponent(), and write each parameter as name=value";
    Error::configuration("url", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let parameters = Parameters::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        parameters.pairs.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        let full = [("user", "u@x"), ("password", "p:w/?#[]@ é"), ("host", "db"), ("port", "6000")];
        let full: Vec<_> = full.into_iter().chain([("dbname", "a b"), ("sslmode", "require")]).collect();
        let url = "postgresql://u%40x:p%3Aw%2F%3F%23%5B%5D%40%20%C3%A9@db:6000/a%20b?sslmode=require";
        assert_eq!(pairs(url), owned(&full));
        let hosts = [("host", "::1,b,/run/pg"), ("port", "1,,3"), ("dbname", "d")];
        assert_eq!(pairs("postgres://[::1]:1,b,%2Frun%2Fpg:3/d"), owned(&hosts));
        assert_eq!(
            pairs(" POSTGRES:///d?host=a&port=1&\n"),
            owned(&[("dbname", "d"), ("host", "a"), ("port", "1")])
        );
        assert_eq!(pairs("postgres://"), owned(&[]));
    }

    #[test]
    fn a_password_with_an_at_sign_does_not_become_a_host() {
        let expected = [("user", "u"), ("password", "p@ss"), ("host", "db"), ("port", "")];
        assert_eq!(pairs("postgres://u:p@ss@db"), owned(&expected));
    }

    #[test]
    fn pairs_are_read_with_their_quotes_and_escapes() {
        let expected = [("host", "/run/pg"), ("password", r"it's \ "), ("dbname", ""), ("user", "a b")];
        let text = r"host = /run/pg password='it\'s \\ ' dbname='' user=a\ b ";
        assert_eq!(pairs(text), owned(&expected));
    }

    #[test]
    fn what_is_malformed_is_refused_without_being_quoted() {
        for text in [
            "",
            "canary",
            "http://canary",
            "jdbc:postgresql://canary",
            "postgres://[::1/canary",
            "postgres://[::1]canary/d",
            "postgres://u:canary%@h/d",
            "postgres://u:canary%4@h/d",
            "postgres://u:canary%ff@h/d",
            "postgres://u:canary%00@h/d",
            "postgres://u:can/ary@h/d",
            "postgres://u:can?ary@h/d",
            "password='canary",
            "canary password=x y",
        ] {
            let Err(error) = Parameters::parse(text) else { panic!("{text} is not refused") };
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
        }
    }
}

//! [`NoProxy`]: the hosts that are reached without a proxy. It reads every form of `NO_PROXY` that curl, Node and Go
//! accept.

use std::net::IpAddr;

/// Hosts that are never reached through a proxy of the environment, since their requests may be unencrypted.
const LOOPBACK: &str = "localhost,.localhost,127.0.0.0/8,::1";

/// Hosts that are reached directly.
#[derive(Debug, Clone, Default)]
pub(super) struct NoProxy(Vec<Entry>);

/// One entry of the list, possibly for one port only.
#[derive(Debug, Clone)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name and all names below it.
    Domain(String),
    /// The names below a domain, without the domain itself.
    Below(String),
    /// The addresses that share this many leading bits with the given one.
    Network(IpAddr, u8),
}

impl NoProxy {
    /// Reads a list of entries separated by commas or blanks, and adds the loopback hosts.
    pub(super) fn with_loopback(list: &str) -> Self {
        let entries = [LOOPBACK, list].into_iter().flat_map(|list| list.split([',', ' ', '\t', '\n', ';']));
        Self(entries.map(str::trim).filter(|entry| !entry.is_empty()).filter_map(Entry::parse).collect())
    }

    /// Whether a host is reached directly. `host` is a name, or an address with or without brackets.
    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        let host = bare(host).trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        self.0.iter().any(|entry| entry.covers(&host, address, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        // Some users write URLs here.
        let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest).trim_end_matches('/');
        if let Some(network) = network(text) {
            return Some(Self { hosts: network, port: None });
        }
        let (host, port) = split_port(text)?;
        let host = host.trim_end_matches('.');
        let hosts = match network(bare(host)) {
            Some(network) => network,
            None if host == "*" => Hosts::All,
            None => match host.strip_prefix("*.") {
                Some(domain) => Hosts::Below(domain.to_owned()),
                None => Hosts::Domain(host.trim_start_matches('.').to_owned()),
            },
        };
        Some(Self { hosts, port })
    }

    fn covers(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match &self.hosts {
            Hosts::All => true,
            Hosts::Domain(domain) => host == domain || is_below(host, domain),
            Hosts::Below(domain) => is_below(host, domain),
            Hosts::Network(network, bits) => {
                address.is_some_and(|address| shares_bits(*network, address, *bits))
            }
        }
    }
}

/// Splits off the port of a host, if it has one.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && !text.ends_with(']') => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => Some((text, None)),
    }
}

/// Reads an address or a network such as `10.0.0.0/8`.
fn network(text: &str) -> Option<Hosts> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address = bare(address).parse::<IpAddr>().ok()?.to_canonical();
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
    Some(Hosts::Network(address, bits))
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn shares_bits(network: IpAddr, address: IpAddr, bits: u8) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let difference: u128 = network ^ address;
    bits == 0 || difference >> (width - u32::from(bits)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_others_take_is_understood() {
        // (list, host, port, direct)
        let table = [
            ("*", "anything.test", 443, true),
            ("corp.test", "corp.test", 443, true),
            ("corp.test", "api.corp.test", 443, true),
            ("corp.test", "notcorp.test", 443, false),
            (".corp.test", "api.corp.test", 443, true),
            (".corp.test", "corp.test", 443, true),
            ("*.corp.test", "api.corp.test", 443, true),
            ("*.corp.test", "corp.test", 443, false),
            ("API.Corp.Test", "api.corp.TEST", 443, true),
            ("corp.test.", "corp.test", 443, true),
            ("corp.test", "corp.test.", 443, true),
            ("corp.test:443", "api.corp.test", 443, true),
            ("corp.test:8443", "corp.test", 443, false),
            ("*:8443", "corp.test", 8443, true),
            ("*:8443", "corp.test", 443, false),
            (".corp.test:443", "a.corp.test", 443, true),
            ("none.test corp.test", "corp.test", 443, true),
            ("none.test,\tcorp.test ,", "corp.test", 443, true),
            ("https://corp.test/", "corp.test", 443, true),
            ("10.0.0.1", "10.0.0.1", 443, true),
            ("10.0.0.1", "10.0.0.11", 443, false),
            ("10.0.0.1:443", "10.0.0.1", 443, true),
            ("10.0.0.1:8443", "10.0.0.1", 443, false),
            ("10.0.0.0/8", "10.255.1.2", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("0.0.0.0/0", "11.0.0.1", 443, true),
            ("10.0.0.0/8", "10.corp.test", 443, false),
            ("[fd00::1]", "[fd00::1]", 443, true),
            ("[fd00::1]:443", "[fd00::1]", 443, true),
            ("[fd00::1]:8443", "[fd00::1]", 443, false),
            ("fd00::1", "[fd00:0:0::1]", 443, true),
            ("fd00::/8", "[fdff::1]", 443, true),
            ("[fd00::]/8", "[fe80::1]", 443, false),
            ("10.0.0.0/8", "[::ffff:10.0.0.1]", 443, true),
            ("", "corp.test", 443, false),
            ("corp.test:port", "corp.test", 443, false),
            // The loopback is in every list.
            ("", "localhost", 443, true),
            ("", "app.localhost", 443, true),
            ("", "127.9.9.9", 443, true),
            ("", "[::1]", 443, true),
        ];
        for (list, host, port, direct) in table {
            assert_eq!(NoProxy::with_loopback(list).covers(host, port), direct, "{list:?} {host}:{port}");
        }
        assert!(!NoProxy::default().covers("localhost", 443));
    }
}

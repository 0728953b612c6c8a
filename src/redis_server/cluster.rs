//! [`Cluster`]: which node of a cluster has which keys.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{Value, cmd, from_redis_value};

use super::connection::{Connection, Link};
use super::failure::Failure;
use super::url::Address;

/// The number of slots of every cluster.
const SLOTS: u16 = 16384;

/// What is known of a cluster, and the connections to its nodes.
///
/// All keys of a store are in one slot, and so are those of a credential's limits, so only the nodes of a few slots are
/// remembered. After a failure the node of a slot is looked up again, each time at another node.
pub(super) struct Cluster {
    state: Mutex<State>,
}

struct State {
    /// The nodes by which the cluster is found: those of the URL, and then those that a node named last.
    nodes: Vec<Address>,
    /// How many of them the URL names.
    named: usize,
    /// Which of them is asked first.
    first: usize,
    owners: HashMap<u16, Address>,
    links: HashMap<Address, Link>,
    has_replicas: bool,
    /// Whether the version of the records was checked since an owner was last forgotten.
    is_checked: bool,
}

impl Cluster {
    pub(super) fn new(nodes: Vec<Address>) -> Self {
        Self {
            state: Mutex::new(State {
                named: nodes.len(),
                nodes,
                first: 0,
                owners: HashMap::new(),
                links: HashMap::new(),
                has_replicas: false,
                is_checked: false,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node that has the slot, if that is known.
    pub(super) fn owner(&self, slot: u16) -> Option<Address> {
        self.state().owners.get(&slot).cloned()
    }

    /// Whether a node of the cluster has ever been seen with a replica. One that has none at the moment may have lost it
    /// in a failover.
    pub(super) fn has_replicas(&self) -> bool {
        self.state().has_replicas
    }

    /// Forgets that `owner` has the slot, so that the slot is looked up again.
    pub(super) fn forget_owner(&self, slot: u16, owner: &Address) {
        let mut state = self.state();
        if state.owners.get(&slot) == Some(owner) {
            state.owners.remove(&slot);
            state.is_checked = false;
        }
    }

    pub(super) fn is_checked(&self) -> bool {
        self.state().is_checked
    }

    pub(super) fn set_checked(&self) {
        self.state().is_checked = true;
    }

    /// All nodes that are known, beginning with another one each time.
    pub(super) fn nodes(&self) -> Vec<Address> {
        let mut state = self.state();
        let mut nodes = state.nodes.clone();
        state.first = (state.first + 1) % nodes.len().max(1);
        nodes.rotate_left(state.first);
        nodes
    }

    /// The current connection or connection attempt to a node, or a new one.
    pub(super) fn link(&self, node: &Address, connect: impl FnOnce() -> Link) -> Link {
        let mut state = self.state();
        state.links.retain(|_, link| !link.is_closed());
        state.links.entry(node.clone()).or_insert_with(connect).clone()
    }

    /// Asks a node which node has the slot, and which nodes there are.
    pub(super) async fn look_up(
        &self,
        slot: u16,
        at: &Address,
        connection: &Connection,
    ) -> Result<Address, Failure> {
        let ranges: Vec<Vec<Value>> = connection.ask(cmd("CLUSTER").arg("SLOTS")).await?;
        let (mut nodes, mut owner, mut has_replicas) = (Vec::new(), None, false);
        for range in ranges {
            let [Value::Int(first), Value::Int(last), holders @ ..] = &range[..] else { continue };
            // The primary is named before its replicas.
            let holders: Vec<_> = holders.iter().filter_map(|holder| address(holder, at)).collect();
            if (*first..=*last).contains(&i64::from(slot)) {
                owner = holders.first().cloned();
            }
            has_replicas |= holders.len() > 1;
            nodes.extend(holders);
        }
        let mut state = self.state();
        state.has_replicas |= has_replicas;
        let named = state.named;
        state.nodes.truncate(named);
        for node in nodes {
            if !state.nodes.contains(&node) {
                state.nodes.push(node);
            }
        }
        let owner = owner.ok_or_else(|| Failure::unserved_slot(at))?;
        state.owners.insert(slot, owner.clone());
        Ok(owner)
    }
}

/// The address of a node in the answer to `CLUSTER SLOTS`: host, port, and what else is known of it.
fn address(holder: &Value, at: &Address) -> Option<Address> {
    let Value::Array(fields) = holder else { return None };
    let mut fields = fields.iter().cloned();
    let host: Option<String> = from_redis_value(fields.next()?).ok()?;
    let port: u16 = from_redis_value(fields.next()?).ok()?;
    Address::reported(host.as_deref().unwrap_or_default(), port, at)
}

/// The slot of a key: by its hash tag, which is the part in the first braces, if there is one.
pub(super) fn slot(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    crc16(tag.filter(|tag| !tag.is_empty()).unwrap_or(key).as_bytes()) % SLOTS
}

/// CRC-16/XMODEM, which the specification of the cluster prescribes.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        // The check value of the specification, and slots that a server gave by CLUSTER KEYSLOT.
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot("foo"), 12182);
        assert_eq!(slot("{foo}bar"), 12182);
        assert_eq!(slot("smartrecruiters:{foo}:records:{x}"), 12182);
        assert_eq!(slot("smartrecruiters:{default}:due"), 5718);
        assert_eq!(slot("{}foo"), 9500);
    }
}

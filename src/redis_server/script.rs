//! [`RedisScript`]: a script that the server runs alone, by its hash where it has it already.

use redis::{Cmd, Script, ToRedisArgs, cmd};

/// A script. Two commands run it, `EVALSHA` and `EVAL`; `SCRIPT LOAD` is not needed, and so no right to it.
pub(crate) struct RedisScript {
    text: &'static str,
    hash: String,
}

impl RedisScript {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, hash: Script::new(text).get_hash().to_owned() }
    }

    /// Runs it where the server has it.
    pub(super) fn by_hash(&self, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
        command("EVALSHA", &self.hash, keys, arguments)
    }

    /// Runs it, and has the server keep it.
    pub(super) fn by_text(&self, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
        command("EVAL", self.text, keys, arguments)
    }
}

fn command(name: &str, script: &str, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
    let mut command = cmd(name);
    command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    command
}

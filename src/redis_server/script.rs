//! [`RedisScript`]: a script that the server runs atomically, by its hash if the server has it.

use redis::{Cmd, Script, ToRedisArgs, cmd};

/// A script. It is run by `EVALSHA` and `EVAL`, so the user needs no right to `SCRIPT LOAD`.
pub(crate) struct RedisScript {
    text: &'static str,
    hash: String,
}

impl RedisScript {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, hash: Script::new(text).get_hash().to_owned() }
    }

    /// The command that runs the script if the server has it.
    pub(super) fn by_hash(&self, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
        command("EVALSHA", &self.hash, keys, arguments)
    }

    /// The command that runs the script, and makes the server keep it.
    pub(super) fn by_text(&self, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
        command("EVAL", self.text, keys, arguments)
    }
}

fn command(name: &str, script: &str, keys: &[String], arguments: &impl ToRedisArgs) -> Cmd {
    let mut command = cmd(name);
    command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    command
}

//! What the binaries of the benchmark share: their arguments, and the load that a client is put under.

pub mod args;
pub mod load;

/// Any error; the benchmark fails with it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

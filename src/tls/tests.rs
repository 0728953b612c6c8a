//! Tests of TLS against servers in memory.

#![no_main]

#[path = "../checks/seal.rs"]
mod seal;

libfuzzer_sys::fuzz_target!(|input: &[u8]| seal::check(input));

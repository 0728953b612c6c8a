//! Sets up the linker for a Node addon, when the binding is built, and tells the crate when a sanitizer watches it.

use std::env::vars_os;

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
    println!("cargo::rustc-check-cfg=cfg(sanitizer)");
    // `cfg(sanitize = "…")` is rustc's own, and not stable.
    if vars_os().any(|(name, _)| name == "CARGO_CFG_SANITIZE") {
        println!("cargo::rustc-cfg=sanitizer");
    }
}

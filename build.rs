//! Sets up the linker for a Node addon, when the binding is built.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}

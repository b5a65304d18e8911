//! The `labeld-emulator` program.
fn main() {}

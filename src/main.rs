//! The `labeld` command.

fn main() {}

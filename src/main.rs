//! The `labeld` command: parses the command line, runs it, and turns its end into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    labeld::cli::main()
}

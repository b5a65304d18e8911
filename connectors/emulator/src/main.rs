//! The program `labeld-emulator`: the emulated services for tests in other languages, for trying labeld
//! without an account, and for measuring.

mod serve_command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::serve_command::ServeCommand;

/// Plays the cloud services that labeld connects to, on 127.0.0.1.
///
/// Nothing leaves the machine. The ids, secrets and keys of the emulated tenants are published with the
/// program and protect nothing.
#[derive(Debug, Parser)]
#[command(name = "labeld-emulator", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGINT or SIGTERM.
    Serve(ServeCommand),
}

fn main() -> ExitCode {
    let Arguments {
        command: Command::Serve(serve),
    } = Arguments::parse();
    log_to_stderr();
    match serve.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("labeld-emulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG=debug` shows broken connections.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

//! `labeld label`: apply or remove labels by hand.

mod request;

use std::io::{self, Write};

use anyhow::Result;
use clap::{Args, Subcommand};

use self::request::Options;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::hand;
use super::output::Format;

/// Arguments of `labeld label`.
#[derive(Debug, Args)]
pub(super) struct LabelArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply a label to files
    Set(SetArgs),
    /// Remove the label that labeld applied to files
    Remove(RemoveArgs),
}

/// Arguments of `labeld label set`.
#[derive(Debug, Args)]
struct SetArgs {
    /// Name, PARENT/NAME or GUID of the label
    #[arg(long, value_name = "NAME|GUID")]
    label: String,
    /// Also replace a label that a person chose
    #[arg(long = "override")]
    overrides: bool,
    /// Also replace a higher label
    #[arg(long)]
    allow_downgrade: bool,
    #[command(flatten)]
    files: FilesArgs,
}

/// Arguments of `labeld label remove`.
#[derive(Debug, Args)]
struct RemoveArgs {
    #[command(flatten)]
    files: FilesArgs,
}

/// Which files.
#[derive(Debug, Args)]
struct FilesArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The tenant of the files, where their names leave that open
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The path of a file in a folder that is an app, APP:FILE-ID or TENANT/APP:FILE-ID, or a number as `labeld files` lists it
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// How the table of results is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store; targets and labels that are not there, or can mean several.
pub(super) fn run(args: &LabelArgs) -> Result<Exit> {
    let (options, files) = match &args.action {
        Action::Set(args) => {
            let options = Options {
                label: Some(&args.label),
                overrides: args.overrides,
                allow_downgrade: args.allow_downgrade,
            };
            (options, &args.files)
        }
        Action::Remove(args) => (Options::default(), &args.files),
    };
    let answer = hand::run(&files.config, async |session| {
        request::make(session, &options, files.tenant.as_deref(), &files.targets).await
    })?;
    let exit = hand::print(&answer, files.format)?;
    if let Some(run) = answer.run {
        writeln!(
            io::stderr(),
            "run {run}: `labeld undo {run}` takes it back as a whole"
        )?;
    }
    Ok(exit)
}

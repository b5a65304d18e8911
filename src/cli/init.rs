//! `labeld init`: writes a commented configuration to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::exit::Exit;
use crate::config::{DEFAULT_FILE, EXAMPLE};

/// Arguments of `labeld init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// File to write; an existing one is never overwritten
    #[arg(value_name = "FILE", default_value = DEFAULT_FILE)]
    file: PathBuf,
}

/// What the example says of the source tree, and what a new configuration says in its place.
const ADAPTATIONS: &[(&str, &str)] = &[
    (
        "# labeld's configuration, with every option.\n#\n\
         # As it stands it reads the sample documents of the source tree, with nothing to sign up for:\n#\n\
         #     labeld rescan --config config.example.toml\n#\n",
        "# labeld's configuration, with every option. Fill in the tenant, its label list, and its apps:\n\
         # a folder, or SharePoint and OneDrive, which are switched off below.\n#\n",
    ),
    (
        "name = \"demo\"\n# Its Entra",
        "name = \"my-organisation\"\n# Its Entra",
    ),
    (
        "id = \"72f988bf-86f1-41af-91ab-2d7cd011db47\"",
        "#id = \"00000000-0000-0000-0000-000000000000\"",
    ),
    (
        "labels = { file = \"testdata/labels.json\" }",
        "#labels = { file = \"labels.json\" }",
    ),
    (
        "name = \"demo\"\n# The folder.\nroot = \"demo-files\"",
        "name = \"documents\"\n# The folder.\nroot = \"documents\"",
    ),
    (
        "#tenants = [\"demo\"]\n#apps = [\"demo\"]",
        "#tenants = [\"my-organisation\"]\n#apps = [\"documents\"]",
    ),
    (
        "copy_from = \"testdata/documents\"",
        "#copy_from = \"samples\"",
    ),
];

/// Runs the command.
///
/// # Errors
///
/// When the file is there already or cannot be written.
pub(super) fn run(args: &InitArgs) -> anyhow::Result<Exit> {
    write_new(&args.file)?;
    let file = args.file.display();
    let check = match args.file.as_os_str() == DEFAULT_FILE {
        true => "labeld check".to_owned(),
        false => format!("labeld check --config {file}"),
    };
    writeln!(
        std::io::stderr(),
        "wrote {file}\nedit it, then run `{check}`"
    )?;
    Ok(Exit::Ok)
}

fn write_new(file: &Path) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut output = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} is there already and is left as it is; move it away, or name another file: `labeld init FILE`",
            file.display()
        ),
        opened => opened.with_context(|| format!("cannot write {}", file.display()))?,
    };
    output
        .write_all(configuration().as_bytes())
        .and_then(|()| output.sync_all())
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The example without what only the source tree has.
fn configuration() -> String {
    ADAPTATIONS
        .iter()
        .fold(EXAMPLE.to_owned(), |text, (from, to)| {
            text.replacen(from, to, 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn nothing_of_the_source_tree_is_left() {
        for (from, _) in ADAPTATIONS {
            assert_eq!(EXAMPLE.matches(from).count(), 1, "{from}");
        }
        let text = configuration();
        for word in ["demo", "testdata", "72f988bf", "example.toml"] {
            assert!(!text.contains(word), "{word}");
        }
    }

    #[test]
    fn a_new_file_is_right_and_an_old_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("labeld.toml");
        let args = InitArgs { file: file.clone() };
        assert_eq!(run(&args).unwrap(), Exit::Ok);
        let config = Config::load(&file).unwrap();
        assert_eq!(
            config.tenants[0].local[0].root,
            folder.path().join("documents")
        );
        std::fs::write(&file, "mine").unwrap();
        let error = run(&args).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        let nowhere = InitArgs {
            file: folder.path().join("none/labeld.toml"),
        };
        assert!(run(&nowhere).is_err());
    }
}

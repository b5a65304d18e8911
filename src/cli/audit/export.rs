//! `labeld audit export`.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use chrono::SecondsFormat;
use clap::Args;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::session;
use crate::store::Access;
use crate::store::audit::{self, StoredEntry};

/// Arguments of `labeld audit export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only entries behind the one of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
}

/// Entries read at once.
const PAGE: u32 = 1_000;

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &ExportArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let mut out = BufWriter::new(io::stdout());
        let mut last = args.after;
        loop {
            let entries = audit::page(&session.db, last, PAGE).await?;
            for entry in &entries {
                writeln!(out, "{}", line(entry))?;
                last = entry.sequence;
            }
            if entries.is_empty() {
                out.flush()?;
                return Ok(Exit::Ok);
            }
        }
    })
}

/// The document stands in it letter by letter, as the hash covers it; one that is no JSON, which was put there by somebody else,
/// as a string.
fn line(entry: &StoredEntry) -> String {
    let text = &entry.document;
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok() && !text.contains(['\n', '\r']);
    let document = if is_json {
        text.clone()
    } else {
        json!(text).to_string()
    };
    format!(
        r#"{{"sequence":{},"at":{},"kind":{},"tenant":{},"document":{document},"hash":"{}"}}"#,
        entry.sequence,
        json!(entry.at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        json!(entry.kind),
        json!(entry.tenant),
        entry.hash
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::EntryHash;

    #[test]
    fn a_line_is_one_object_whatever_the_document_is() {
        // Documents as stored, and as they stand in the line.
        for (document, expected) in [
            (r#"{"b":1.50, "a":"x"}"#, r#"{"b":1.50, "a":"x"}"#),
            ("{}\n{}", r#""{}\n{}""#),
            ("{\n}", r#""{\n}""#),
            (r#"" oops"#, r#""\" oops""#),
        ] {
            let entry = StoredEntry {
                sequence: 7,
                at: "2026-03-02T09:00:00.5Z".parse().unwrap(),
                kind: "config".to_owned(),
                tenant: None,
                document: document.to_owned(),
                hash: EntryHash([0xa7; 32]),
            };
            let line = line(&entry);
            let expected = format!(
                r#"{{"sequence":7,"at":"2026-03-02T09:00:00.500Z","kind":"config","tenant":null,"document":{expected},"hash":"{}"}}"#,
                "a7".repeat(32)
            );
            assert_eq!(line, expected);
            serde_json::from_str::<IgnoredAny>(&line).unwrap();
        }
    }
}

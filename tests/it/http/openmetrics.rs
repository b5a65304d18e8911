//! A strict reader of OpenMetrics text (version 1.0.0), as far as labeld uses it.

use std::collections::{BTreeMap, BTreeSet};

/// What a page says of a metric.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) kind: String,
    /// Names of its labels, `le` aside.
    pub(super) labels: BTreeSet<String>,
}

/// The metrics of a page, under the names of their samples (a histogram's without suffix), or the first line that is
/// wrong.
pub(super) fn check(page: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = page
        .strip_suffix("# EOF\n")
        .ok_or("no `# EOF` at the end")?;
    let mut families = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut present: Option<Present> = None;
    for line in body.split_terminator('\n') {
        let wrong = |why: &str| format!("{why}: {line:?}");
        if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').ok_or_else(|| wrong("no descriptor"))?;
            let (name, text) = rest.split_once(' ').ok_or_else(|| wrong("no text"))?;
            if present.as_ref().is_none_or(|it| it.name != name) {
                if !seen.insert(name.to_owned()) {
                    return Err(wrong("a metric stands twice"));
                }
                present = Some(Present::new(name));
            }
            let Some(present) = &mut present else {
                continue;
            };
            match word {
                "TYPE" => present.kind = text.to_owned(),
                "HELP" if !text.is_empty() => {}
                _ => return Err(wrong("an unknown descriptor")),
            }
            continue;
        }
        let present = present
            .as_mut()
            .ok_or_else(|| wrong("a sample without a type"))?;
        let (name, labels, value) = sample(line).ok_or_else(|| wrong("no sample"))?;
        let series = present.series(name, &labels, value).map_err(wrong)?;
        let family: &mut Family = families.entry(series).or_default();
        family.kind.clone_from(&present.kind);
        family
            .labels
            .extend(labels.into_keys().filter(|label| label != "le"));
    }
    Ok(families)
}

/// The metric whose lines are being read.
struct Present {
    name: String,
    kind: String,
    samples: BTreeSet<String>,
    /// The last bucket: its bound and its count.
    bucket: Option<(f64, f64)>,
}

impl Present {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: String::new(),
            samples: BTreeSet::new(),
            bucket: None,
        }
    }

    /// The name under which a sample is known.
    fn series(
        &mut self,
        sample: &str,
        labels: &BTreeMap<String, String>,
        value: f64,
    ) -> Result<String, &'static str> {
        if !self.samples.insert(format!("{sample}{labels:?}")) {
            return Err("a sample stands twice");
        }
        let suffix = sample
            .strip_prefix(&*self.name)
            .ok_or("a sample of another metric")?;
        match (&*self.kind, suffix) {
            ("counter", "_total") if value >= 0.0 => Ok(sample.to_owned()),
            ("info", "_info") if value == 1.0 => Ok(sample.to_owned()),
            ("gauge", "") => Ok(sample.to_owned()),
            ("histogram", "_sum" | "_count") => Ok(self.name.clone()),
            ("histogram", "_bucket") => {
                let bound = labels.get("le").ok_or("a bucket without bound")?;
                let bound: f64 = bound.parse().map_err(|_| "a bound that is no number")?;
                if self
                    .bucket
                    .is_some_and(|(last, count)| bound <= last || value < count)
                {
                    return Err("buckets out of order");
                }
                self.bucket = Some((bound, value));
                Ok(self.name.clone())
            }
            _ => Err("a suffix or value that its kind does not have"),
        }
    }
}

/// Name, labels and value of a line.
fn sample(line: &str) -> Option<(&str, BTreeMap<String, String>, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    if !is_name(name) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.strip_prefix(' ')?;
    let is_number = |byte: u8| byte.is_ascii_digit() || b"+-.einfEINF".contains(&byte);
    if !value.bytes().all(is_number) {
        return None;
    }
    Some((name, labels, value.parse().ok()?))
}

/// Labels up to the brace that closes them, and what stands behind it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        if !is_name(name) {
            return None;
        }
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    escaped @ ('"' | '\\') => value.push(escaped),
                    _ => return None,
                },
                (_, character) => value.push(character),
            }
        };
        if labels.insert(name.to_owned(), value).is_some() {
            return None;
        }
        rest = &after[end + 1..];
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        rest = rest.strip_prefix(',')?;
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphabetic() || character == '_';
    name.starts_with(is_letter)
        && name
            .chars()
            .all(|character| is_letter(character) || character.is_ascii_digit())
}

/// The check sees what it looks for.
#[test]
fn wrong_pages_are_refused() {
    let good =
        "# HELP a Text.\n# TYPE a counter\na_total{x=\"1\"} 1\na_total{x=\"2\\n\"} 1.5\n# EOF\n";
    assert!(check(good).is_ok(), "{:?}", check(good));
    let table = [
        ("no end", "# TYPE a counter\na_total 1\n"),
        ("no type", "a_total 1\n# EOF\n"),
        ("suffix", "# TYPE a counter\na 1\n# EOF\n"),
        ("twice", "# TYPE a gauge\na 1\na 1\n# EOF\n"),
        (
            "type twice",
            "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n",
        ),
        ("other", "# TYPE a gauge\nb 1\n# EOF\n"),
        ("label name", "# TYPE a gauge\na{1=\"x\"} 1\n# EOF\n"),
        ("quote", "# TYPE a gauge\na{x=\"\"\"} 1\n# EOF\n"),
        ("escape", "# TYPE a gauge\na{x=\"\\t\"} 1\n# EOF\n"),
        (
            "same label",
            "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n",
        ),
        ("value", "# TYPE a gauge\na one\n# EOF\n"),
        ("negative", "# TYPE a counter\na_total -1\n# EOF\n"),
        ("info", "# TYPE a info\na_info 2\n# EOF\n"),
        (
            "buckets",
            "# TYPE a histogram\na_bucket{le=\"2.0\"} 1\na_bucket{le=\"1.0\"} 1\n# EOF\n",
        ),
        ("empty line", "# TYPE a gauge\n\na 1\n# EOF\n"),
        ("blank", "# TYPE a gauge\na  1\n# EOF\n"),
    ];
    for (name, page) in table {
        assert!(check(page).is_err(), "{name}");
    }
}

//! Reads a table of the file key by key, and collects everything that is wrong with it.
//!
//! A section's code asks for each key once; what nobody asked for is an unknown key. So an option is
//! a field and the line that reads it, and nothing can be forgotten.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Finding;
use super::source::Source;
use super::value::{Refusal, Value, nearest};

/// What reading found, beside the values.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    /// Parts of the text that are never shown.
    pub(super) masks: Vec<Range<usize>>,
    /// Every key that was asked for, with the section it belongs to.
    pub(super) known: BTreeSet<(String, &'static str)>,
    unknown: Vec<UnknownKey>,
}

#[derive(Debug)]
struct UnknownKey {
    section: String,
    key: String,
    span: Range<usize>,
}

impl Findings {
    fn absorb(&mut self, other: Self) {
        self.list.extend(other.list);
        self.masks.extend(other.masks);
        self.known.extend(other.known);
        self.unknown.extend(other.unknown);
    }

    /// Adds the unknown keys, now that all known ones are known.
    pub(super) fn report_unknown_keys(&mut self) {
        for unknown in std::mem::take(&mut self.unknown) {
            let siblings = self
                .known
                .iter()
                .filter(|(section, _)| *section == unknown.section)
                .map(|(_, key)| *key);
            let elsewhere = self.known.iter().find(|(_, key)| *key == unknown.key);
            let fix = match (nearest(&unknown.key, siblings.clone()), elsewhere) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some((section, key))) => format!("`{key}` belongs in {section}"),
                (None, None) => {
                    let all: Vec<&str> = siblings.collect();
                    format!("known here: {}", all.join(", "))
                }
            };
            self.list.push(Finding {
                message: format!("unknown key `{}` in {}", unknown.key, unknown.section),
                fix,
                span: Some(unknown.span),
                structural: false,
            });
        }
    }
}

/// A table that is being read.
pub(super) struct Section<'a> {
    source: &'a Source,
    table: &'a DeTable<'a>,
    /// Keys that lead here, joined by dots; empty at the top.
    path: String,
    /// How people see the section: `[log]`, `[[tenant]]`.
    title: String,
    /// The header, or the whole of an inline table; `None` for the file.
    span: Option<Range<usize>>,
    known: Vec<&'static str>,
    /// What stands in it is not looked at, so nothing in it is unknown.
    passed_over: bool,
    findings: Findings,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn top(source: &'a Source, table: &'a DeTable<'a>) -> Self {
        Self {
            source,
            table,
            path: String::new(),
            title: "the top level".to_owned(),
            span: None,
            known: Vec::new(),
            passed_over: false,
            findings: Findings::default(),
        }
    }

    /// Looks at nothing in it: what is wrong with it as a whole was reported.
    pub(super) fn pass_over(&mut self) {
        self.passed_over = true;
    }

    /// The value of a key that may be absent. A wrong one is reported and counts as absent.
    pub(super) fn optional<T: Value>(&mut self, key: &'static str) -> Option<T> {
        let value = self.look_up(key)?;
        match T::read(value.get_ref(), self.source) {
            Ok(value) => Some(value),
            Err(Refusal { message, fix }) => {
                let message = format!("`{key}` in {}: {message}", self.title);
                self.report(value.span(), message, fix);
                None
            }
        }
    }

    /// The value of a key, or the default of its type.
    pub(super) fn or_default<T: Value + Default>(&mut self, key: &'static str) -> T {
        self.optional(key).unwrap_or_default()
    }

    /// The value of a key that must be there; `None` after the problem was reported.
    pub(super) fn required<T: Value>(&mut self, key: &'static str) -> Option<T> {
        if !self.has(key) {
            self.known.push(key);
            self.report_missing(
                format!("`{key}` is missing in {}", self.title),
                format!("add `{key} = {}`", T::EXAMPLE),
            );
            return None;
        }
        self.optional(key)
    }

    /// Reads the table of a key with `read`, where it is there.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.look_up(key)?;
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::Table(table) => {
                let title = format!("[{path}]");
                self.read_inner(table, value.span(), path, title, read)
            }
            other => {
                let message = format!("`{key}` must be a table, found {}", describe(other));
                self.report_shape(value.span(), message, format!("write `[{path}]`"));
                None
            }
        }
    }

    /// [`table`](Self::table) for a table whose keys are the same wherever it stands; `title` is what people call it.
    pub(super) fn titled_table<T>(
        &mut self,
        key: &'static str,
        title: String,
        read: impl FnOnce(&mut Section<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.look_up(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            let found = describe(value.get_ref());
            let message = format!("`{key}` must be a table, found {found}");
            self.report_shape(value.span(), message, format!("write `{key} = {{ … }}`"));
            return None;
        };
        self.read_inner(table, value.span(), self.path_of(key), title, read)
    }

    /// [`tables`](Self::tables) for tables whose keys are the same wherever they stand.
    pub(super) fn titled_tables<T>(
        &mut self,
        key: &'static str,
        title: &str,
        mut read: impl FnMut(&mut Section<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.look_up(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            let found = describe(value.get_ref());
            let message = format!("`{key}` must be a list, found {found}");
            self.report_shape(value.span(), message, format!("write `{key} = [{{ … }}]`"));
            return None;
        };
        let mut read_items = Vec::with_capacity(items.len());
        for item in items {
            let DeValue::Table(table) = item.get_ref() else {
                let found = describe(item.get_ref());
                let message = format!("`{key}` must be a list of {title}, found {found} in it");
                self.report_shape(item.span(), message, "write `{ … }`".to_owned());
                continue;
            };
            let path = self.path_of(key);
            read_items.extend(self.read_inner(
                table,
                item.span(),
                path,
                title.to_owned(),
                &mut read,
            ));
        }
        Some(read_items)
    }

    /// Reads each table of a list `[[key]]` with `read`; tables with problems are left out.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Section<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.look_up(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        let DeValue::Array(items) = value.get_ref() else {
            let message = format!(
                "`{key}` must be a list of tables, found {}",
                describe(value.get_ref())
            );
            self.report_shape(value.span(), message, format!("write `[[{path}]]`"));
            return Vec::new();
        };
        let mut read_items = Vec::with_capacity(items.len());
        for item in items {
            if let DeValue::Table(table) = item.get_ref() {
                let title = format!("[[{path}]]");
                read_items.extend(self.read_inner(
                    table,
                    item.span(),
                    path.clone(),
                    title,
                    &mut read,
                ));
            } else {
                let message = format!(
                    "`{key}` must be a list of tables, found {} in it",
                    describe(item.get_ref())
                );
                self.report_shape(item.span(), message, format!("write `[[{path}]]`"));
            }
        }
        read_items
    }

    fn read_inner<T>(
        &mut self,
        table: &'a DeTable<'a>,
        span: Range<usize>,
        path: String,
        title: String,
        read: impl FnOnce(&mut Section<'a>) -> Option<T>,
    ) -> Option<T> {
        let mut section = Section {
            source: self.source,
            table,
            path,
            title,
            span: Some(span),
            known: Vec::new(),
            passed_over: false,
            findings: Findings::default(),
        };
        let value = read(&mut section);
        self.findings.absorb(section.finish());
        value
    }

    /// What was found; keys that nobody asked for are unknown.
    pub(super) fn finish(mut self) -> Findings {
        for (key, value) in self.table {
            if self.passed_over || self.known.contains(&key.get_ref().as_ref()) {
                continue;
            }
            // The value may be a secret under a mistyped name.
            if value.span().start > key.span().start {
                self.findings.masks.push(value.span());
            }
            self.findings.unknown.push(UnknownKey {
                section: self.title.clone(),
                key: key.get_ref().to_string(),
                span: key.span(),
            });
        }
        let title = &self.title;
        let known = self.known.iter().map(|&key| (title.clone(), key));
        self.findings.known.extend(known);
        self.findings
    }

    /// The raw value of a key, which is known from then on.
    pub(super) fn look_up(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Whether a key is written, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the value of a key is a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_table())
    }

    /// The byte that it begins with.
    pub(super) fn start(&self) -> usize {
        self.span.as_ref().map_or(0, |span| span.start)
    }

    /// How many keys are written here.
    pub(super) fn written(&self) -> usize {
        self.table.len()
    }

    /// Where the value of a key stands, else the section itself.
    pub(super) fn span_of(&self, key: &str) -> Option<Range<usize>> {
        self.table.get(key).map(Spanned::span).or(self.span.clone())
    }

    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    /// Reports a value.
    pub(super) fn report(&mut self, span: Range<usize>, message: String, fix: String) {
        self.push(Some(span), message, fix, false);
    }

    /// Reports the value of a key that does not go with the rest.
    pub(super) fn report_key(&mut self, key: &str, message: String, fix: &str) {
        let span = self.span_of(key);
        self.push(span, message, fix.to_owned(), false);
    }

    /// Reports that something is missing here.
    pub(super) fn report_missing(&mut self, message: String, fix: String) {
        self.push(self.span.clone(), message, fix, true);
    }

    fn report_shape(&mut self, span: Range<usize>, message: String, fix: String) {
        self.push(Some(span), message, fix, true);
    }

    fn push(&mut self, span: Option<Range<usize>>, message: String, fix: String, structural: bool) {
        self.findings.list.push(Finding {
            span,
            message,
            fix,
            structural,
        });
    }

    /// Never shows this part of the text.
    pub(super) fn mask(&mut self, span: Range<usize>) {
        self.findings.masks.push(span);
    }

    /// Refuses texts that stand twice as `key` in the tables at any of `paths`, such as two equal names; `what`
    /// says for people what these tables are. `normal` gives equal texts for values that mean the same.
    pub(super) fn refuse_duplicates(
        &mut self,
        paths: &[&[&str]],
        key: &str,
        what: &str,
        normal: impl Fn(&str) -> String,
    ) {
        let mut texts: Vec<(&str, Range<usize>)> = paths
            .iter()
            .flat_map(|path| texts_at(self.table, path, key))
            .collect();
        texts.sort_by_key(|(_, span)| span.start);
        let mut first_lines: BTreeMap<String, usize> = BTreeMap::new();
        for (text, span) in texts {
            let (line, _) = self.source.position(span.start);
            match first_lines.entry(normal(text)) {
                Entry::Vacant(entry) => {
                    entry.insert(line);
                }
                Entry::Occupied(entry) => self.report(
                    span,
                    format!(
                        "{key} `{text}` is used twice, first on line {}",
                        entry.get()
                    ),
                    format!("give each {what} its own {key}"),
                ),
            }
        }
    }
}

/// The texts of `key` in all tables that `path` leads to.
fn texts_at<'t>(table: &'t DeTable<'_>, path: &[&str], key: &str) -> Vec<(&'t str, Range<usize>)> {
    let Some((next, rest)) = path.split_first() else {
        let text = table.get(key).and_then(|value| {
            let text = value.get_ref().as_str()?;
            Some((text, value.span()))
        });
        return text.into_iter().collect();
    };
    let items = table
        .get(*next)
        .and_then(|value| value.get_ref().as_array());
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.get_ref().as_table())
        .flat_map(|inner| texts_at(inner, rest, key))
        .collect()
}

/// A value's kind, without its content: it may be a secret.
pub(super) fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

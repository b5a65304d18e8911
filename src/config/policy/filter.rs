//! The filter tree of a policy: `{ all = […] }`, `{ any = […] }`, `{ not = { … } }`, or one condition.

use chrono::TimeDelta;

use super::mentions::Mentions;
use super::values::{
    Domain, Extension, Folder, Label, MediaType, Moment, OneOrMore, Word, pattern,
};
use crate::config::section::Section;
use crate::config::time::Span;
use crate::config::value::{ByteSize, Value};
use crate::model::policy::{
    Condition, Filter, MAX_DEPTH, MAX_NODES, SizeSpan, TextOperator, TextPattern, TimeSpan, Worded,
};

/// What people call a node.
pub(super) const TITLE: &str = "a filter";

/// Longest age, in seconds: a hundred years.
const MOST_AGE: u64 = 100 * 365 * 86_400;

/// Reads filters and bounds them.
pub(super) struct FilterReader<'m> {
    pub(super) mentions: &'m mut Mentions,
    pub(super) nodes: usize,
}

impl FilterReader<'_> {
    /// A node and what is below it.
    pub(super) fn node(&mut self, section: &mut Section<'_>, depth: usize) -> Option<Filter> {
        self.nodes += 1;
        if self.nodes == MAX_NODES + 1 {
            section.report_missing(
                format!("the filter has more than {MAX_NODES} conditions and joints"),
                "split the policy".to_owned(),
            );
        }
        if depth > MAX_DEPTH {
            section.report_missing(
                format!("`all`, `any` and `not` are nested deeper than {MAX_DEPTH}"),
                "write it flatter, or split the policy".to_owned(),
            );
            section.pass_over();
            return None;
        }
        let found = self.read(section, depth);
        match section.written() {
            1 => found.into_iter().next(),
            0 => {
                section.report_missing(
                    "a filter is empty".to_owned(),
                    "write one condition in it, such as `access = [\"public\"]`".to_owned(),
                );
                None
            }
            _ => {
                section.report_missing(
                    "a filter holds one condition, and here are several".to_owned(),
                    "join them: `{ all = [{ … }, { … }] }` where each must hold, `any` where one is enough"
                        .to_owned(),
                );
                None
            }
        }
    }

    /// Every key that a node may have. Each is asked for, so that a mistyped one finds its neighbour.
    fn read(&mut self, section: &mut Section<'_>, depth: usize) -> Vec<Filter> {
        let mut found = Vec::new();
        for (key, join) in [
            ("all", Filter::All as fn(Vec<Filter>) -> Filter),
            ("any", Filter::Any),
        ] {
            let nodes = section.titled_tables(key, TITLE, |inner| self.node(inner, depth + 1));
            if nodes.as_ref().is_some_and(Vec::is_empty) {
                section.report_key(
                    key,
                    format!("`{key}` joins nothing"),
                    "write conditions in it, or leave it away",
                );
            }
            found.extend(nodes.map(join));
        }
        let not =
            section.titled_table("not", TITLE.to_owned(), |inner| self.node(inner, depth + 1));
        found.extend(not.map(|node| Filter::Not(Box::new(node))));
        let conditions = [
            self.of_listing(section),
            self.of_labels(section),
            self.of_owner(section),
        ];
        let conditions = conditions.into_iter().flatten();
        found.extend(conditions.map(Filter::Condition));
        found
    }

    fn of_listing(&mut self, section: &mut Section<'_>) -> Vec<Condition> {
        let apps = self.mentions.apps(section, "app");
        let policies = self.mentions.policies(section, "matched_policy");
        let access_at_least = section.optional("access_at_least");
        let conditions = [
            words(section, "access").map(Condition::Access),
            access_at_least.map(|Word(level)| Condition::AccessAtLeast(level)),
            apps.map(Condition::App),
            self.mentions
                .kinds(section, "app_kind")
                .map(Condition::AppKind),
            patterns(section, "collaborator").map(Condition::Collaborator),
            list(section, "collaborator_domain", |Domain(it)| it)
                .map(Condition::CollaboratorDomain),
            times(section, "created").map(Condition::Created),
            times(section, "modified").map(Condition::Modified),
            list(section, "extension", |Extension(it)| it).map(Condition::Extension),
            list(section, "file_id", |it: String| it).map(Condition::FileId),
            patterns(section, "name").map(Condition::Name),
            patterns(section, "path").map(Condition::Path),
            list(section, "folder", |Folder(it)| it).map(Condition::Folder),
            words(section, "type").map(Condition::Type),
            list(section, "mime", |MediaType(it)| it).map(Condition::Mime),
            sizes(section, "size").map(Condition::Size),
            section.optional("trashed").map(Condition::Trashed),
            policies.map(Condition::MatchedPolicy),
        ];
        conditions.into_iter().flatten().collect()
    }

    fn of_labels(&mut self, section: &mut Section<'_>) -> Vec<Condition> {
        let label = |Label(it)| it;
        let content = section.look_up("content").map(|_| Condition::Content);
        let conditions = [
            list(section, "label", label).map(Condition::Label),
            list(section, "label_or_sublabel", label).map(Condition::LabelOrSublabel),
            section.optional("labelled").map(Condition::Labelled),
            section
                .optional("external_label")
                .map(Condition::ExternalLabel),
            words(section, "label_origin").map(Condition::LabelOrigin),
            words(section, "inspection").map(Condition::Inspection),
            content,
        ];
        conditions.into_iter().flatten().collect()
    }

    fn of_owner(&mut self, section: &mut Section<'_>) -> Vec<Condition> {
        let conditions = [
            patterns(section, "owner").map(Condition::Owner),
            list(section, "owner_domain", |Domain(it)| it).map(Condition::OwnerDomain),
            list(section, "owner_department", |it: String| it).map(Condition::OwnerDepartment),
            list(section, "owner_unit", |Folder(it)| it).map(Condition::OwnerUnit),
            list(section, "owner_group", |it: String| it).map(Condition::OwnerGroup),
        ];
        conditions.into_iter().flatten().collect()
    }
}

fn list<V: Value, T>(
    section: &mut Section<'_>,
    key: &'static str,
    open: impl Fn(V) -> T,
) -> Option<Vec<T>> {
    let OneOrMore(values) = section.optional::<OneOrMore<V>>(key)?;
    Some(values.into_iter().map(open).collect())
}

fn words<T: Worded>(section: &mut Section<'_>, key: &'static str) -> Option<Vec<T>> {
    list(section, key, |Word(word)| word)
}

/// `{ contains = ["…"], ends_with = ["…"] }`: one of the texts is enough.
fn patterns(section: &mut Section<'_>, key: &'static str) -> Option<Vec<TextPattern>> {
    section.titled_table(key, "a condition on text".to_owned(), |inner| {
        let mut found = Vec::new();
        for &operator in TextOperator::ALL {
            let texts: Option<OneOrMore<String>> = inner.optional(operator.as_str());
            for text in texts.into_iter().flat_map(|OneOrMore(texts)| texts) {
                match pattern(operator, &text) {
                    Ok(pattern) => found.push(pattern),
                    Err(refusal) => {
                        let message = format!("`{operator}`: {}", refusal.message);
                        inner.report_key(operator.as_str(), message, &refusal.fix);
                    }
                }
            }
        }
        if inner.written() == 0 {
            inner.report_missing(
                format!("`{key}` says nothing of the text"),
                "for example `{ contains = [\"invoice\"] }`".to_owned(),
            );
        }
        Some(found).filter(|found| !found.is_empty())
    })
}

fn times(section: &mut Section<'_>, key: &'static str) -> Option<TimeSpan> {
    section.titled_table(key, "a condition on time".to_owned(), |inner| {
        let moment = |Moment(it)| it;
        let age = |Span(it): Span<1, MOST_AGE>| TimeDelta::from_std(it).unwrap_or(TimeDelta::MAX);
        let span = TimeSpan {
            from: inner.optional("from").map(moment),
            before: inner.optional("before").map(moment),
            within: inner.optional("within").map(age),
            older_than: inner.optional("older_than").map(age),
        };
        if inner.written() == 0 {
            inner.report_missing(
                format!("`{key}` has no bound"),
                "for example `{ within = \"30d\" }` or `{ before = 2026-01-01 }`".to_owned(),
            );
        }
        let is_empty = |from, before| from >= before;
        if let (Some(from), Some(before)) = (span.from, span.before)
            && is_empty(from, before)
        {
            inner.report_key(
                "before",
                "no time is from `from` on and before `before`".to_owned(),
                "swap the two",
            );
        }
        Some(span)
    })
}

fn sizes(section: &mut Section<'_>, key: &'static str) -> Option<SizeSpan> {
    section.titled_table(key, "a condition on size".to_owned(), |inner| {
        let size = |ByteSize(it)| it;
        let span = SizeSpan {
            at_least: inner.optional("at_least").map(size),
            at_most: inner.optional("at_most").map(size),
        };
        if inner.written() == 0 {
            inner.report_missing(
                format!("`{key}` has no bound"),
                "for example `{ at_most = \"5 MiB\" }`".to_owned(),
            );
        }
        if let (Some(least), Some(most)) = (span.at_least, span.at_most)
            && least > most
        {
            inner.report_key(
                "at_most",
                "no size lies between the two".to_owned(),
                "swap them",
            );
        }
        Some(span)
    })
}

//! Changing custom properties (reference/label-formats.md §1, §2.5).

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::input::{Input, Parsed};
use crate::msip::{Collector, split_name};
use crate::ooxml::custom_properties::{FORMAT_ID, NAMESPACES, PRECEDENCE};
use crate::reading::{Findings, LabelGroup, Place, Warning};
use crate::refusal::Refusal;
use crate::write::{Fields, Task, WriteRefusal};
use crate::xml::{Child, Edited, EncodedText, Outline, escaped};

/// Of values; transitional and strict.
const VALUE_TYPES: [&str; 2] = [
    "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
    "http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
];
/// What old clients wrote beside the label: its display name (reference/label-formats.md §1.3).
const DISPLAY_NAME: &str = "Sensitivity";
/// Numbers below are reserved (MS-OI29500 2.1.1724).
const FIRST_NUMBER: i64 = 2;
const LAST_NUMBER: i64 = i32::MAX as i64;

/// Namespaces of properties and of their values.
pub(super) fn namespaces(strict: bool) -> [&'static str; 2] {
    let index = usize::from(strict);
    [NAMESPACES, VALUE_TYPES].map(|forms| forms.get(index).copied().unwrap_or_default())
}

#[derive(Debug)]
struct Property {
    name: String,
    number: Option<i64>,
    /// Of the property set of custom properties; no other has labels.
    is_custom: bool,
}

pub(super) struct Properties<'b> {
    text: EncodedText<'b>,
    outline: Outline<Property>,
    groups: Vec<LabelGroup>,
}

impl<'b> Properties<'b> {
    pub(super) fn open(input: &Input<'_>, bytes: &'b [u8]) -> Parsed<Self> {
        let text = EncodedText::open(bytes)?;
        let outline = Outline::read(input, text.text(), |element| {
            let is_property = NAMESPACES.contains(&element.namespace());
            if !is_property || element.local_name() != "property" {
                return Ok(None);
            }
            let name = element.attribute("name")?.unwrap_or_default();
            let number = element.attribute("pid")?;
            let set = element.attribute("fmtid")?.unwrap_or_default();
            Ok(Some(Property {
                name: name.into_owned(),
                number: number.and_then(|number| number.trim().parse().ok()),
                is_custom: set.trim().eq_ignore_ascii_case(FORMAT_ID),
            }))
        })?;
        if !outline.root.is(&NAMESPACES, "Properties") {
            return Err(Refusal::corrupt("its custom properties are none").into());
        }
        let groups = groups(&outline.children, input.limits().labels)?;
        Ok(Self {
            text,
            outline,
            groups,
        })
    }

    pub(super) fn has_own(&self, task: &Task<'_>) -> bool {
        self.groups.iter().any(|group| task.owns_group(group))
    }

    pub(super) fn says(&self, task: &Task<'_>, fields: &Fields) -> bool {
        let mut own = self.groups.iter().filter(|group| task.owns_group(group));
        let (first, second) = (own.next(), own.next());
        first.is_some_and(|group| fields.are_said_by(group)) && second.is_none()
    }

    pub(super) fn set(&self, task: &Task<'_>, fields: &Fields) -> Result<Edited, WriteRefusal> {
        let (own, others): (Vec<_>, Vec<_>) = self.split(task);
        let names = fields.properties().map(|(name, _)| name.to_lowercase());
        // Names are unique without regard to case (MS-OI29500 2.1.1724).
        if others
            .iter()
            .any(|child| names.contains(&child.item.name.to_lowercase()))
        {
            return Err(WriteRefusal::ForeignLabel(fields.label_id));
        }
        let numbers = free_numbers(&others, names.len())?;
        let rows = self.rows(fields, &numbers);
        let cuts = own.iter().map(|child| child.span.clone()).collect();
        let root = &self.outline.root;
        let edits = root.edits(self.text.text(), cuts, Some((None, rows)));
        Ok(self.text.edited(edits)?)
    }

    /// `None` where there is nothing to take out.
    pub(super) fn remove(&self, task: &Task<'_>) -> Parsed<Option<Edited>> {
        let (own, _) = self.split(task);
        if own.is_empty() {
            return Ok(None);
        }
        let cuts = own.iter().map(|child| child.span.clone()).collect();
        let edits = self.outline.root.edits(self.text.text(), cuts, None);
        self.text.edited(edits).map(Some)
    }

    /// The properties that say the tenant's labels, and all others.
    fn split(&self, task: &Task<'_>) -> (Vec<&Child<Property>>, Vec<&Child<Property>>) {
        let own: Vec<&LabelGroup> = self
            .groups
            .iter()
            .filter(|group| task.owns_group(group))
            .collect();
        let says_label = |child: &Child<Property>| {
            let id = split_name(&child.item.name).map(|(id, _)| id);
            own.iter().any(|group| Some(group.id) == id)
        };
        let names_label = |child: &Child<Property>| {
            let names = |group: &&LabelGroup| {
                let value = child.value.trim();
                group.name.as_deref() == Some(value)
                    || value.eq_ignore_ascii_case(&group.id.to_string())
            };
            child.item.name.eq_ignore_ascii_case(DISPLAY_NAME) && own.iter().any(names)
        };
        self.outline
            .children
            .iter()
            .partition(|child| child.item.is_custom && (says_label(child) || names_label(child)))
    }

    fn rows(&self, fields: &Fields, numbers: &[i64]) -> String {
        let root = &self.outline.root;
        let prefix = &root.prefix;
        let is_strict = NAMESPACES.last() == Some(&&*root.namespace);
        let [_, types] = namespaces(is_strict);
        let (type_prefix, declaration) = match root.prefix_of(types) {
            Some(prefix) => (prefix, String::new()),
            None => ("vt:".to_owned(), format!(" xmlns:vt=\"{types}\"")),
        };
        let mut rows = String::new();
        for ((name, value), number) in fields.properties().iter().zip(numbers) {
            let value = escaped(value);
            // Writing to a string does not fail.
            let _ = write!(
                rows,
                "<{prefix}property fmtid=\"{FORMAT_ID}\" pid=\"{number}\" name=\"{name}\">\
                 <{type_prefix}lpwstr{declaration}>{value}</{type_prefix}lpwstr></{prefix}property>"
            );
        }
        rows
    }
}

fn groups(children: &[Child<Property>], limit: usize) -> Parsed<Vec<LabelGroup>> {
    let mut collector = Collector::new(Place::Custom, PRECEDENCE, limit);
    for child in children.iter().filter(|child| child.item.is_custom) {
        collector.property(&child.item.name, &child.value);
    }
    let mut findings = Findings::default();
    collector.finish(&mut findings);
    if findings.warnings.contains(&Warning::TooManyLabels) {
        return Err(Refusal::Limit("it has too many labels").into());
    }
    Ok(findings.groups)
}

/// Numbers for new properties: those after the highest, else any that is free.
fn free_numbers(others: &[&Child<Property>], count: usize) -> Parsed<Vec<i64>> {
    let taken: HashSet<i64> = others
        .iter()
        .filter_map(|child| child.item.number)
        .collect();
    let highest = taken.iter().copied().max().unwrap_or(0);
    let first = highest.saturating_add(1).max(FIRST_NUMBER);
    if first <= LAST_NUMBER - count as i64 {
        return Ok((first..).take(count).collect());
    }
    let free = (FIRST_NUMBER..LAST_NUMBER).filter(|number| !taken.contains(number));
    let numbers: Vec<i64> = free.take(count).collect();
    match numbers.len() == count {
        true => Ok(numbers),
        false => Err(Refusal::Limit("it has too many properties").into()),
    }
}

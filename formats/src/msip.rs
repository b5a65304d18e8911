//! `MSIP_Label_<GUID>_<Field>` properties, wherever they stand (reference/label-formats.md §1.2).

use uuid::Uuid;

use crate::reading::{Findings, LabelGroup, Place, Warning};

const PREFIX: &str = "MSIP_Label_";
const GUID_LENGTH: usize = 36;

/// Splits a property name into label id and field. `None` for a name that is not a label's.
///
/// Prefix and GUID are compared without regard to case, as Office does for property names.
pub(crate) fn split_name(name: &str) -> Option<(Uuid, &str)> {
    let prefix = name.get(..PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let rest = name.get(PREFIX.len()..)?;
    let id = parse_guid(rest.get(..GUID_LENGTH)?)?;
    let field = rest.get(GUID_LENGTH..)?.strip_prefix('_')?;
    (!field.is_empty()).then_some((id, field))
}

/// A GUID with or without braces, in either case.
pub(crate) fn parse_guid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let bare = text
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(text);
    // `Uuid` also takes forms without hyphens, which are no GUIDs in these files.
    if bare.len() != GUID_LENGTH {
        return None;
    }
    Uuid::try_parse(bare).ok()
}

/// `true`, `True`, `1`: anything else is not in effect (reference/label-formats.md §1.2).
pub(crate) fn parse_flag(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case("true") || text == "1"
}

/// Collects the label properties of one place into groups, in order of first appearance.
pub(crate) struct Collector {
    place: Place,
    precedence: u8,
    limit: usize,
    groups: Vec<LabelGroup>,
    /// For each group the fields it has, in lower case, and their values.
    seen: Vec<Vec<(String, String)>>,
    duplicate: bool,
    dropped: bool,
}

/// Fields kept of one group; real ones have at most ten.
const MOST_FIELDS: usize = 64;

impl Collector {
    pub(crate) fn new(place: Place, precedence: u8, limit: usize) -> Self {
        Self {
            place,
            precedence,
            limit,
            groups: Vec::new(),
            seen: Vec::new(),
            duplicate: false,
            dropped: false,
        }
    }

    /// Takes one property; names that are not a label's are ignored.
    pub(crate) fn property(&mut self, name: &str, value: &str) {
        if let Some((id, field)) = split_name(name) {
            self.field(id, field, value);
        }
    }

    fn field(&mut self, id: Uuid, field: &str, value: &str) {
        let Some(index) = self.group_index(id) else {
            self.dropped = true;
            return;
        };
        let key = field.to_ascii_lowercase();
        let (Some(group), Some(seen)) = (self.groups.get_mut(index), self.seen.get_mut(index))
        else {
            return;
        };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == key) {
            // Office wants names unique without regard to case; the first one counts.
            self.duplicate |= first != value;
            return;
        }
        if seen.len() >= MOST_FIELDS {
            self.dropped = true;
            return;
        }
        set_field(group, &key, field, value);
        seen.push((key, value.to_owned()));
    }

    fn group_index(&mut self, id: Uuid) -> Option<usize> {
        if let Some(index) = self.groups.iter().position(|group| group.id == id) {
            return Some(index);
        }
        if self.groups.len() >= self.limit {
            return None;
        }
        self.groups
            .push(LabelGroup::new(self.place, self.precedence, id));
        self.seen.push(Vec::new());
        Some(self.groups.len() - 1)
    }

    /// Hands the groups over.
    pub(crate) fn finish(self, findings: &mut Findings) {
        if self.duplicate {
            findings.warn(Warning::DuplicateProperty);
        }
        if self.dropped {
            findings.warn(Warning::TooManyLabels);
        }
        findings.groups.extend(self.groups);
    }
}

fn set_field(group: &mut LabelGroup, key: &str, field: &str, value: &str) {
    let text = || Some(value.to_owned());
    match key {
        "enabled" => group.enabled = parse_flag(value),
        "removed" => group.removed = parse_flag(value),
        "siteid" if parse_guid(value).is_some() => group.site_id = parse_guid(value),
        "method" => group.method = text(),
        "name" => group.name = text(),
        "setdate" => group.set_date = text(),
        "actionid" => {
            group.action_id = parse_guid(value).map(|id| id.to_string()).or_else(text);
        }
        "contentbits" if value.trim().parse::<u32>().is_ok() => {
            group.content_bits = value.trim().parse().ok();
        }
        "parent" if parse_guid(value).is_some() => {
            group.parent = parse_guid(value);
            group.extra.insert(field.to_owned(), value.to_owned());
        }
        _ => {
            group.extra.insert(field.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "MSIP_Label_0a1b2c3d-0000-4000-8000-000000000001_";

    #[test]
    fn names_of_label_properties() {
        for (name, expected) in [
            (format!("{LABEL}Enabled"), Some("Enabled")),
            (format!("{LABEL}Custom_Field"), Some("Custom_Field")),
            (LABEL.to_lowercase() + "SiteId", Some("SiteId")),
            (LABEL.to_owned(), None),
            ("MSIP_Label_no-guid_Enabled".to_owned(), None),
            ("Sensitivity".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(
                split_name(&name).map(|(_, field)| field),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn the_first_of_two_values_counts_and_only_a_contradiction_is_told() {
        for (second, warned) in [("true", false), ("false", true)] {
            let mut collector = Collector::new(Place::Custom, 1, 10);
            collector.property(&format!("{LABEL}Enabled"), "true");
            collector.property(&format!("{LABEL}ENABLED"), second);
            let mut findings = Findings::default();
            collector.finish(&mut findings);
            assert!(findings.groups[0].enabled);
            assert_eq!(
                findings.warnings.contains(&Warning::DuplicateProperty),
                warned
            );
        }
    }
}

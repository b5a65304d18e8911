//! eTags, as far as their form is known (reference/microsoft-graph.md §3.3): `"{GUID},n"`.

use uuid::Uuid;

/// Whether two eTags are of one state of a file; `None` where one of them is of a form that cannot be compared. Graph
/// and the download host write them with more or fewer quotes and braces.
pub(super) fn same_tag(one: &str, other: &str) -> Option<bool> {
    Some(parts(one)? == parts(other)?)
}

/// How many changes there were, by the counters of two eTags of one file.
pub(super) fn changes_between(before: &str, after: &str) -> Option<u64> {
    let ((old, from), (new, to)) = (parts(before)?, parts(after)?);
    if old != new {
        return None;
    }
    to.checked_sub(from)
}

fn parts(tag: &str) -> Option<(Uuid, u64)> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let (id, number) = tag.trim_matches('"').rsplit_once(',')?;
    let id = id.strip_prefix("c:").unwrap_or(id);
    let id = id.trim_start_matches('{').trim_end_matches('}');
    Some((Uuid::try_parse(id).ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_by_what_they_say() {
        let tag = "\"{5D0C7E11-A2B3-4C4D-8E5F-60718293A4B5},4\"";
        for (other, same) in [
            (tag, Some(true)),
            ("W/\"{5d0c7e11-a2b3-4c4d-8e5f-60718293a4b5},4\"", Some(true)),
            ("5D0C7E11-A2B3-4C4D-8E5F-60718293A4B5,4", Some(true)),
            ("\"{5D0C7E11-A2B3-4C4D-8E5F-60718293A4B5},5\"", Some(false)),
            ("\"{00000000-A2B3-4C4D-8E5F-60718293A4B5},4\"", Some(false)),
            ("\"abc\"", None),
            ("", None),
        ] {
            assert_eq!(same_tag(tag, other), same, "{other}");
        }
        let later = "\"{5D0C7E11-A2B3-4C4D-8E5F-60718293A4B5},6\"";
        assert_eq!(changes_between(tag, later), Some(2));
        assert_eq!(changes_between(later, tag), None);
        assert_eq!(changes_between(tag, "x"), None);
    }
}

//! The little of XML that property and label parts need.

/// The start tags of all elements with this local name, whatever their prefix.
pub(super) fn elements<'a>(text: &'a str, local_name: &str) -> Vec<&'a str> {
    text.split('<')
        .skip(1)
        .filter_map(|rest| {
            let tag = rest.split('>').next()?;
            let name = tag.split([' ', '\t', '\r', '\n', '/']).next()?;
            let local = name.rsplit(':').next()?;
            (local == local_name && !tag.starts_with('/')).then_some(tag)
        })
        .collect()
}

/// The value of an attribute in a start tag.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once('=')?;
        let key = before.trim().rsplit(char::is_whitespace).next()?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|quote| ['"', '\''].contains(quote))?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        if key == name {
            return Some(plain(value));
        }
        rest = next;
    }
}

/// A text without the five entities.
pub(super) fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// The text with `entry` before the end tag of `element`, whatever its prefix. An empty root element is opened.
pub(super) fn insert_before_end(text: &str, element: &str, entry: &str) -> Option<String> {
    if let Some(at) = text.rfind("</").filter(|at| text[*at..].contains(element)) {
        return Some(format!("{}{entry}{}", &text[..at], &text[at..]));
    }
    let end = text
        .rfind("/>")
        .filter(|_| text.contains(&format!("<{element}")))?;
    Some(format!("{}>{entry}</{element}>", &text[..end]))
}

/// The text without the custom properties whose names are `unwanted`.
pub(super) fn without_properties(text: &str, unwanted: impl Fn(&str) -> bool) -> String {
    const END: &str = "</property>";
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("<property ") {
        let Some(end) = rest[begin..].find(END).map(|end| begin + end + END.len()) else {
            break;
        };
        let element = &rest[begin..end];
        kept.push_str(&rest[..begin]);
        if !attribute(element, "name").is_some_and(|name| unwanted(&name)) {
            kept.push_str(element);
        }
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

//! Paths with parameters.

/// A path such as `/drives/{drive}/items/{item}/content`.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Stands as it is.
    Literal(String),
    /// At least one character, no `/`.
    Parameter,
    /// At least one character of any kind (`{+name}` of RFC 6570).
    Rest,
}

impl Template {
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(if name.starts_with('+') {
                Part::Rest
            } else {
                Part::Parameter
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Self { parts }
    }

    /// How many parameters it has.
    pub(super) fn parameters(&self) -> usize {
        let is_parameter = |part: &&Part| !matches!(part, Part::Literal(_));
        self.parts.iter().filter(is_parameter).count()
    }

    /// Whether a path as it was sent fits. Characters that need no encoding may be sent encoded.
    pub(super) fn matches(&self, path: &str) -> bool {
        fits(&self.parts, &with_plain_characters(path))
    }
}

/// Every way to divide `text` among the parts; both are short.
fn fits(parts: &[Part], text: &str) -> bool {
    let Some((first, others)) = parts.split_first() else {
        return text.is_empty();
    };
    match first {
        Part::Literal(literal) => text
            .strip_prefix(literal.as_str())
            .is_some_and(|rest| fits(others, rest)),
        Part::Parameter | Part::Rest => {
            let end = match first {
                Part::Rest => text.len(),
                _ => text.find('/').unwrap_or(text.len()),
            };
            text.char_indices()
                .map(|(start, character)| start + character.len_utf8())
                .take_while(|cut| *cut <= end)
                .any(|cut| text.get(cut..).is_some_and(|rest| fits(others, rest)))
        }
    }
}

/// Decodes what RFC 3986 §3.3 lets stand in a path as it is.
fn with_plain_characters(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('%') {
        plain.push_str(before);
        let code = behind.get(..2);
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte.map(char::from) {
            Some(character) if "!$&'()*+,;=:@-._~".contains(character) => {
                plain.push(character);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                plain.push('%');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_their_templates() {
        for (template, path, expected) in [
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/a/{x}", "/a/", false),
            ("/a/{x}", "/a/b", true),
            ("/a/{x}", "/a/b/c", false),
            ("/a/{x}/c", "/a/b/c", true),
            ("/sites/{host}:/{path}/{name}", "/sites/h:/sites/f", true),
            ("/drives/{d}/root/delta", "/drives/b%21x/root/delta", true),
            ("/lists(guid'{id}')", "/lists(guid%271%27)", true),
            (
                "/items/{p}:/{name}:/content",
                "/items/1:/a%20b.docx:/content",
                true,
            ),
            ("/items/{p}:/{name}:/content", "/items/1/content", false),
            ("/x/{+rest}", "/x/a/b/c", true),
        ] {
            assert_eq!(
                Template::parse(template).matches(path),
                expected,
                "{template} {path}"
            );
        }
    }
}

//! Path patterns of fault rules.

/// Whether `pattern` covers the whole of `path`: `*` is any characters but `/`, `**` any characters at all,
/// `?` one character but `/`; everything else, brackets included, is itself.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<Part> = parts(pattern);
    let path: Vec<char> = path.chars().collect();
    // `reached[i]`: the parts so far can cover the first `i` characters of the path.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        for at in 0..=path.len() {
            let before = at.checked_sub(1).map(|before| (before, path[before]));
            next[at] = match (part, before) {
                (Part::Stars { slashes }, Some((before, character))) => {
                    reached[at] || (next[before] && (slashes || character != '/'))
                }
                (Part::Stars { .. }, None) => reached[at],
                (Part::One, Some((before, character))) => reached[before] && character != '/',
                (Part::This(wanted), Some((before, character))) => {
                    reached[before] && character == wanted
                }
                (Part::One | Part::This(_), None) => false,
            };
        }
        reached = next;
    }
    reached[path.len()]
}

#[derive(Clone, Copy)]
enum Part {
    This(char),
    One,
    Stars { slashes: bool },
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '*' => {
                let slashes = characters.next_if_eq(&'*').is_some();
                while characters.next_if_eq(&'*').is_some() {}
                Part::Stars { slashes }
            }
            '?' => Part::One,
            other => Part::This(other),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_cover_paths() {
        for (pattern, path, expected) in [
            ("", "", true),
            ("", "/", false),
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/*", "/a", true),
            ("/*", "/a/b", false),
            ("/**", "/a/b", true),
            ("**", "", true),
            ("**/content", "/drives/x/items/y/content", true),
            ("**/content", "/drives/x/items/y/contents", false),
            (
                "/drives/*/items/*/content",
                "/drives/b!x/items/01/content",
                true,
            ),
            (
                "/drives/*/items/*/content",
                "/drives/b!x/items/content",
                false,
            ),
            ("/v1.0/**.docx*", "/v1.0/root:/a/b.docx:", true),
            ("/v1.0/**.docx*", "/v1.0/root:/a/b.docx:/content", false),
            ("/a?c", "/abc", true),
            ("/a?c", "/a/c", false),
            ("/a?c", "/aéc", true),
            ("/[x]{y}", "/[x]{y}", true),
            ("***", "/a/b", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern:?} on {path:?}");
        }
    }
}

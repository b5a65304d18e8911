//! Names of parts, compared as Open Packaging Conventions do.

/// The name of a part in the form in which names are compared: without the leading `/`, `\` taken as
/// `/`, ASCII letters in lower case, percent-encoding undone (OPC M1.12; the backslashes are what some
/// writers leave, reference/label-formats.md §9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartName {
    name: Vec<u8>,
    hash: u64,
}

impl PartName {
    /// The part that `target` leads to from a part in `folder`, which is empty for the package itself
    /// and ends in `/` otherwise. Fragment and query are not part of a name.
    pub(crate) fn resolve(folder: &[u8], target: &str) -> Self {
        let target = target.trim();
        let end = target.find(['#', '?']).unwrap_or(target.len());
        let target = target.get(..end).unwrap_or_default().as_bytes();
        let mut path: Vec<u8> = Vec::with_capacity(folder.len() + target.len());
        if !target.starts_with(b"/") && !target.starts_with(b"\\") {
            path.extend(comparable(folder));
        }
        path.extend(comparable(target));
        Self::new(without_dots(path))
    }

    fn new(name: Vec<u8>) -> Self {
        let hash = hash(&name);
        Self { name, hash }
    }

    /// What [`hash`] gives for every way to write this name.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether an item of an archive, or a name in `[Content_Types].xml`, is this part.
    pub(crate) fn is(&self, item: &[u8]) -> bool {
        item.len() >= self.name.len() && comparable(item).eq(self.name.iter().copied())
    }

    /// The name of the part that holds this part's relationships.
    pub(crate) fn relationships(&self) -> Self {
        let (folder, file) = self.name.split_at(self.folder().len());
        Self::new([folder, b"_rels/", file, b".rels"].concat())
    }

    /// The folder the part is in, with its `/`; empty at the root.
    pub(crate) fn folder(&self) -> &[u8] {
        let end = memchr::memrchr(b'/', &self.name).map_or(0, |slash| slash + 1);
        self.name.get(..end).unwrap_or_default()
    }

    /// What follows the last dot; empty where there is none.
    pub(crate) fn extension(&self) -> &[u8] {
        let start = memchr::memrchr(b'.', &self.name).map_or(self.name.len(), |dot| dot + 1);
        self.name.get(start..).unwrap_or_default()
    }
}

/// A hash by which names are told apart quickly; the same for names that are compared as equal. It is
/// easy to make collide, so nobody may rely on few collisions.
pub(crate) fn hash(name: &[u8]) -> u64 {
    let is_written_plainly =
        !name.starts_with(b"/") && memchr::memchr2(b'\\', b'%', name).is_none();
    if is_written_plainly {
        return hash_of_comparable(name);
    }
    hash_of_comparable(&comparable(name).collect::<Vec<u8>>())
}

fn hash_of_comparable(name: &[u8]) -> u64 {
    // Setting this bit makes ASCII letters lower case, eight at a time; what else it makes equal are
    // collisions.
    const LOWER_CASE: u64 = 0x2020_2020_2020_2020;
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| {
        (hash.rotate_left(23) ^ (word | LOWER_CASE)).wrapping_mul(MULTIPLIER)
    };
    let (words, rest) = name.as_chunks::<8>();
    let hash = words.iter().fold(name.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let last = rest
        .iter()
        .fold(0, |last, byte| last << 8 | u64::from(*byte));
    mix(hash, last)
}

/// The bytes of a name as they are compared.
pub(crate) fn comparable(name: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = match name {
        [b'/' | b'\\', rest @ ..] => rest,
        name => name,
    };
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        if first == b'%'
            && let [high, low, after @ ..] = after
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            rest = after;
            return Some(comparable_byte(high << 4 | low));
        }
        Some(comparable_byte(first))
    })
}

fn comparable_byte(byte: u8) -> u8 {
    match byte {
        b'\\' => b'/',
        byte => byte.to_ascii_lowercase(),
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Takes `.` and `..` and empty segments out of a path, as RFC 3986 §5.2.4 does.
fn without_dots(path: Vec<u8>) -> Vec<u8> {
    let is_plain = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..");
    if path.split(|byte| *byte == b'/').all(is_plain) {
        return path;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    kept.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_packages_do() {
        let same = [
            ("docProps/custom.xml", "docProps/custom.xml"),
            ("docProps/custom.xml", "DOCPROPS\\Custom.XML"),
            ("/docProps/custom.xml", "docProps/custom.xml"),
            ("./docProps/../docProps/custom.xml", "docprops/custom.xml"),
            ("../custom.xml", "custom.xml"),
            ("docProps//custom.xml#part", "/docProps/custom.xml"),
            ("docProps/custom.xml?x=1", "docProps/custom.xml"),
            ("docProps/my%20props.xml", "docProps/my props.xml"),
            ("docProps/my props.xml", "docProps/my%20props.xml"),
            ("docProps/100%.xml", "docProps/100%.xml"),
            ("\\docProps\\custom.xml", "docProps/custom.xml"),
            ("", ""),
        ];
        for (target, item) in same {
            let name = PartName::resolve(b"", target);
            assert!(name.is(item.as_bytes()), "{target} is {item}");
            assert_eq!(name.hash(), hash(item.as_bytes()), "{target} is {item}");
        }
        for (target, item) in [("a.xml", "b.xml"), ("a.xml", "a.xm"), ("a.xml", "x/a.xml")] {
            let name = PartName::resolve(b"", target);
            assert!(!name.is(item.as_bytes()), "{target} is not {item}");
        }
    }

    #[test]
    fn names_lead_to_their_neighbours() {
        let origin = PartName::resolve(b"", "/_XmlSignatures/origin.sigs");
        assert_eq!(origin.folder(), b"_xmlsignatures/");
        assert_eq!(origin.extension(), b"sigs");
        assert!(
            origin
                .relationships()
                .is(b"_xmlsignatures/_rels/origin.sigs.rels")
        );
        let signature = PartName::resolve(origin.folder(), "sig1.xml");
        assert!(signature.is(b"_xmlsignatures/sig1.xml"));
        let absolute = PartName::resolve(origin.folder(), "/sig1.xml");
        assert!(absolute.is(b"sig1.xml"));
        let rooted = PartName::resolve(b"", "workbook");
        assert_eq!((rooted.folder(), rooted.extension()), (&b""[..], &b""[..]));
        assert!(rooted.relationships().is(b"_rels/workbook.rels"));
    }
}

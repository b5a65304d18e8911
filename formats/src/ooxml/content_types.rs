//! `[Content_Types].xml`: what kind of document a package is (OPC §7.2.3).

use memchr::memmem;

use crate::input::{Input, Parsed};
use crate::reading::Format;
use crate::refusal::Refusal;
use crate::xml::{self, Element, Node};
use crate::zip::PartName;

pub(crate) const NAMESPACE: &str = "http://schemas.openxmlformats.org/package/2006/content-types";

/// Signature of a VBA project; the agile and V3 forms have a suffix
/// (reference/label-formats.md §7).
const MACRO_SIGNATURE: &str = "vnd.ms-office.vbaProjectSignature";

/// Formats by the part of the main part's content type that tells them
/// (reference/label-formats.md §6, and the neighbours of its table).
const WORD: &[(&str, Format)] = &[
    ("document.main+xml", Format::Docx),
    ("template.main+xml", Format::Dotx),
];
const WORD_MACROS: &[(&str, Format)] = &[
    ("document.macroEnabled.main+xml", Format::Docm),
    ("template.macroEnabledTemplate.main+xml", Format::Dotm),
];
const EXCEL: &[(&str, Format)] = &[
    ("sheet.main+xml", Format::Xlsx),
    ("template.main+xml", Format::Xltx),
];
const EXCEL_MACROS: &[(&str, Format)] = &[
    ("sheet.macroEnabled.main+xml", Format::Xlsm),
    ("sheet.binary.macroEnabled.main", Format::Xlsb),
    ("template.macroEnabled.main+xml", Format::Xltm),
    ("addin.macroEnabled.main+xml", Format::Xlam),
];
const POWERPOINT: &[(&str, Format)] = &[
    ("presentation.main+xml", Format::Pptx),
    ("template.main+xml", Format::Potx),
    ("slideshow.main+xml", Format::Ppsx),
];
const POWERPOINT_MACROS: &[(&str, Format)] = &[
    ("presentation.macroEnabled.main+xml", Format::Pptm),
    ("template.macroEnabled.main+xml", Format::Potm),
    ("slideshow.macroEnabled.main+xml", Format::Ppsm),
    ("addin.macroEnabled.main+xml", Format::Ppam),
];
const VISIO: &[(&str, Format)] = &[
    ("drawing.main+xml", Format::Vsdx),
    ("drawing.macroEnabled.main+xml", Format::Vsdm),
    ("stencil.main+xml", Format::Vssx),
    ("stencil.macroEnabled.main+xml", Format::Vssm),
    ("template.main+xml", Format::Vstx),
    ("template.macroEnabled.main+xml", Format::Vstm),
];
const OTHER_OFFICE: &[(&str, Format)] = &[("themeManager+xml", Format::Thmx)];
const FAMILIES: [(&str, &[(&str, Format)]); 8] = [
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.",
        WORD,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.",
        EXCEL,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.",
        POWERPOINT,
    ),
    (
        "application/vnd.openxmlformats-officedocument.",
        OTHER_OFFICE,
    ),
    ("application/vnd.ms-word.", WORD_MACROS),
    ("application/vnd.ms-excel.", EXCEL_MACROS),
    ("application/vnd.ms-powerpoint.", POWERPOINT_MACROS),
    ("application/vnd.ms-visio.", VISIO),
];

/// What the content types of a package say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentTypes {
    /// By the content type of the main part; `None` where that is no document's.
    pub(crate) format: Option<Format>,
    /// Whether a part is the signature of a VBA project.
    pub(crate) has_macro_signature: bool,
}

impl ContentTypes {
    /// Reads the part, looking for the content type of `main`.
    pub(crate) fn read(input: &Input<'_>, bytes: &[u8], main: Option<&PartName>) -> Parsed<Self> {
        let text = xml::decode(bytes)?;
        let mut reader = xml::Reader::new(&text, input);
        let mut scan = Scan {
            may_have_macro_signature: memmem::find(text.as_bytes(), MACRO_SIGNATURE.as_bytes())
                .is_some(),
            ..Scan::default()
        };
        let mut depth = 0u32;
        // A presentation names hundreds of parts behind its main one.
        while !scan.is_settled()
            && let Some(node) = reader.next()?
        {
            match node {
                Node::Start(element) => {
                    depth += 1;
                    if depth == 1 && !element.is(NAMESPACE, "Types") {
                        return Err(Refusal::corrupt("its content types are none").into());
                    }
                    if depth == 2 {
                        scan.element(&element, main)?;
                    }
                }
                Node::End => depth -= 1,
                Node::Text(_) => {}
            }
        }
        Ok(Self {
            format: scan.by_name.or(scan.by_extension).flatten(),
            has_macro_signature: scan.has_macro_signature,
        })
    }
}

/// What has been seen of the main part's type: a type for its name goes before one for its extension.
#[derive(Default)]
struct Scan {
    by_name: Option<Option<Format>>,
    by_extension: Option<Option<Format>>,
    /// Whether the signature's type occurs at all; most types need no look then.
    may_have_macro_signature: bool,
    has_macro_signature: bool,
}

impl Scan {
    /// Whether nothing that follows can change the answer.
    fn is_settled(&self) -> bool {
        self.by_name.is_some() && !self.may_have_macro_signature
    }

    fn element(&mut self, element: &Element<'_>, main: Option<&PartName>) -> Parsed<()> {
        if element.is(NAMESPACE, "Override") {
            let Some(name) = element.attribute("PartName")? else {
                return Ok(());
            };
            let is_main = main.is_some_and(|main| main.is(name.as_bytes()));
            if (is_main || self.may_have_macro_signature)
                && let Some(content_type) = element.attribute("ContentType")?
            {
                self.has_macro_signature |= content_type.contains(MACRO_SIGNATURE);
                if is_main {
                    self.by_name.get_or_insert_with(|| format(&content_type));
                }
            }
        } else if element.is(NAMESPACE, "Default") {
            let Some(extension) = element.attribute("Extension")? else {
                return Ok(());
            };
            let extension = extension.as_bytes();
            if main.is_some_and(|main| extension.eq_ignore_ascii_case(main.extension()))
                && let Some(content_type) = element.attribute("ContentType")?
            {
                self.by_extension
                    .get_or_insert_with(|| format(&content_type));
            }
        }
        Ok(())
    }
}

/// The format whose main part has this content type. Content types are compared without regard to
/// case (RFC 2045).
fn format(content_type: &str) -> Option<Format> {
    let content_type = content_type.trim();
    FAMILIES.iter().find_map(|(family, types)| {
        let (head, rest) = content_type.split_at_checked(family.len())?;
        let mut types = types.iter().filter(|_| head.eq_ignore_ascii_case(family));
        types
            .find(|(known, _)| known.eq_ignore_ascii_case(rest))
            .map(|(_, format)| *format)
    })
}

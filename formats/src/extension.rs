//! Which types an extension promises (reference/label-formats.md §6).

use crate::reading::Format;

/// The true types that a file with this extension (without the dot, in any case) may have, or `None`
/// for an extension whose files this crate cannot read.
///
/// A document encrypted as a whole shows no type; whether it matches cannot be told.
#[must_use]
pub fn formats_of_extension(extension: &str) -> Option<&'static [Format]> {
    let lower = extension.to_ascii_lowercase();
    Some(match lower.as_str() {
        "docx" => &[Format::Docx],
        "dotx" => &[Format::Dotx],
        "docm" => &[Format::Docm],
        "dotm" => &[Format::Dotm],
        "xlsx" => &[Format::Xlsx],
        "xltx" => &[Format::Xltx],
        "xlsm" => &[Format::Xlsm],
        "xltm" => &[Format::Xltm],
        "xlam" => &[Format::Xlam],
        "xlsb" => &[Format::Xlsb],
        "pptx" => &[Format::Pptx],
        "potx" => &[Format::Potx],
        "ppsx" => &[Format::Ppsx],
        "pptm" => &[Format::Pptm],
        "potm" => &[Format::Potm],
        "ppsm" => &[Format::Ppsm],
        "ppam" => &[Format::Ppam],
        "thmx" => &[Format::Thmx],
        "vsdx" => &[Format::Vsdx],
        "vsdm" => &[Format::Vsdm],
        "vssx" => &[Format::Vssx],
        "vssm" => &[Format::Vssm],
        "vstx" => &[Format::Vstx],
        "vstm" => &[Format::Vstm],
        "odt" | "ott" => &[Format::Odt],
        "ods" | "ots" => &[Format::Ods],
        "odp" | "otp" => &[Format::Odp],
        "odg" | "otg" => &[Format::Odg],
        "odf" | "odc" | "odi" | "odm" => &[Format::Odf],
        "pdf" => &[Format::Pdf],
        "doc" | "dot" => &[Format::Doc],
        "xls" | "xlt" => &[Format::Xls],
        "ppt" | "pot" | "pps" => &[Format::Ppt],
        "pfile" | "ptxt" | "pxml" | "pjpg" | "pjpeg" | "pjpe" | "pjfif" | "ppng" | "ptif"
        | "ptiff" | "pbmp" | "pgif" => &[Format::Pfile],
        "ppdf" => &[Format::Pfile, Format::Pdf],
        _ => return None,
    })
}

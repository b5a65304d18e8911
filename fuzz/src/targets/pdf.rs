//! PDF files with a right cross-reference table around fuzz input.

use super::{part_or, parts};

const XMP: &[u8] = br#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/"><pdfx:MSIP_Label_11111111-2222-4333-8444-555555555555_Enabled>true</pdfx:MSIP_Label_11111111-2222-4333-8444-555555555555_Enabled></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#;

const INFO: &[u8] =
    b"/Title (Plan) /MSIP_Label_11111111-2222-4333-8444-555555555555_Enabled (true)";

/// Objects 1 to 3 of every document here: catalog, page tree, document information.
fn frame(catalog: &[u8], info: &[u8]) -> Vec<Vec<u8>> {
    vec![
        [b"<</Type/Catalog/Pages 2 0 R ", catalog, b">>"].concat(),
        b"<</Type/Pages/Kids[]/Count 0>>".to_vec(),
        [b"<<", info, b">>"].concat(),
    ]
}

/// A document of three parts of the input: the XMP packet, the entries of the document information,
/// further entries of the catalog.
pub(super) fn with_metadata(input: &[u8]) -> Vec<u8> {
    let mut parts = parts(input);
    let xmp = part_or(&mut parts, XMP);
    let info = part_or(&mut parts, INFO);
    let catalog = part_or(&mut parts, b"");
    let mut objects = frame(&[b"/Metadata 4 0 R ", catalog].concat(), info);
    objects.push(stream(b"/Type/Metadata/Subtype/XML", xmp));
    document(&objects, b"")
}

const ENCRYPT: &[u8] = b"/Filter/Standard/V 1/R 2/P -64/O<2055c756c72e1ad702608e8196acad447ad32d17cff583235f6dd15fed7dab67>/U<7150bd1da9d292af3627fca6a8dde1d696e25312041aed09059f9daee04353ae>";

/// A document of four parts of the input: the entries of the encryption dictionary, those of the
/// document information, the pair of file identifiers, the XMP packet.
pub(super) fn with_encryption(input: &[u8]) -> Vec<u8> {
    let mut parts = parts(input);
    let encrypt = part_or(&mut parts, ENCRYPT);
    let info = part_or(&mut parts, INFO);
    let id = part_or(&mut parts, b"<00112233445566778899aabbccddeeff><00>");
    let xmp = part_or(&mut parts, XMP);
    let mut objects = frame(b"/Metadata 4 0 R", info);
    objects.push(stream(b"/Type/Metadata/Subtype/XML", xmp));
    objects.push([b"<<", encrypt, b">>"].concat());
    document(&objects, &[b"/Encrypt 5 0 R/ID[", id, b"]"].concat())
}

/// The payload of a rights-managed PDF (reference/label-formats.md §5.2) with the input as publishing
/// licence. The payload of a wrapper is not looked into, so it stands alone here.
pub(super) fn with_licence(licence: &[u8]) -> Vec<u8> {
    let licence: Vec<u8> = licence
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect();
    let mut objects = frame(b"", b"/Title (Plan)");
    objects.push([b"<</Filter/MicrosoftIRMServices/V 4/CF<</MicrosoftIRMServices<</Type/CryptFilter/CFM/None>>>>/StmF/MicrosoftIRMServices/StrF/MicrosoftIRMServices/MicrosoftIRMVersion 2/PublishingLicense<", &licence[..], b">>>"].concat());
    document(&objects, b"/Encrypt 4 0 R")
}

fn stream(entries: &[u8], content: &[u8]) -> Vec<u8> {
    let length = content.len().to_string();
    [
        b"<<",
        entries,
        b"/Length ",
        length.as_bytes(),
        b">>stream\n",
        content,
        b"\nendstream",
    ]
    .concat()
}

/// A file of these objects, numbered from 1; the first is the catalog, the third the information.
fn document(objects: &[Vec<u8>], trailer: &[u8]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        file.extend_from_slice(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(table.into_bytes());
    file.extend(
        format!(
            "trailer\n<</Size {}/Root 1 0 R/Info 3 0 R",
            objects.len() + 1
        )
        .into_bytes(),
    );
    file.extend_from_slice(trailer);
    file.extend(format!(">>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    file
}

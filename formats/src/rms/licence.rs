//! The publishing licence: XrML in clear text that every rights-managed file carries
//! (reference/label-migration-and-rms.md §7.1; MS-RMPR 2.2.9.9).

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use super::provenance::Provenance;
use crate::input::{Input, Parsed, Stop};
use crate::msip::parse_guid;
use crate::reading::{Findings, LabelGroup, Place, Warning};
use crate::refusal::Refusal;
use crate::xml::{self, Element, Node};

/// Longest licence that is read, in bytes; real ones reach about 100 KB
/// (reference/label-migration-and-rms.md §12.2).
pub(super) const LONGEST_LICENCE: u64 = 1 << 20;

/// Longest single value that is kept, in bytes (reference/label-migration-and-rms.md §12.2).
const LONGEST_VALUE: usize = 64 << 10;

/// Text about a person. Its `Debug` form hides it, so that it never gets into a log by accident.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PersonalData(String);

impl PersonalData {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonalData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PersonalData(hidden)")
    }
}

/// Who made a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerKind {
    /// The server, online.
    Server,
    /// A user's client, offline.
    User,
}

/// What a publishing licence says in clear text. It is not verified: the signatures are not checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Licence {
    /// Which service stands behind it.
    pub provenance: Provenance,
    /// Base URL of the publishing server, usually ending in `/_wmcs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_url: Option<String>,
    /// Where licences are to be had from inside the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_url: Option<String>,
    /// Where licences are to be had from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extranet_url: Option<String>,
    /// Template id. An ad-hoc policy has an id of its own here, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<Uuid>,
    /// Name of the template or policy, in English where there is an English one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    /// When the template was last changed; newer publishers say so, and only of templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
    /// Entra tenant of the publishing server, else of the publishing user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<Uuid>,
    /// Id of this content; usage logs name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<Uuid>,
    /// Id of the server licensor certificate whose key seals the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<Uuid>,
    /// When it was issued: `YYYY-MM-DDThh:mm`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<String>,
    /// When the content expires, in the same form; `None` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerKind>,
    /// Owner of the content, usually an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonalData>,
    /// Label id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_id: Option<Uuid>,
    /// Tenant of the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_tenant_id: Option<Uuid>,
}

/// Reads a publishing licence: UTF-8 or UTF-16, with or without byte order mark, one fragment or a
/// chain of them. The first fragment is the licence, the others are certificates.
pub(super) fn parse_licence(input: &Input<'_>, bytes: &[u8]) -> Parsed<Licence> {
    if bytes.len() as u64 > LONGEST_LICENCE {
        return Err(Refusal::Limit("its publishing licence is too large").into());
    }
    let text = xml::decode(bytes)?;
    let fragment =
        first_fragment(&text).ok_or_else(|| Refusal::corrupt("its publishing licence is cut"))?;
    let mut reader = xml::Reader::new(fragment, input);
    let mut walk = Walk::default();
    while let Some(node) = reader.next()? {
        match node {
            Node::Start(element) => walk.start(&element)?,
            Node::Text(text) => walk.text(&text),
            Node::End => walk.end()?,
        }
    }
    if !walk.is_rights_label {
        return Err(Refusal::corrupt("its publishing licence is none").into());
    }
    Ok(walk.conclude())
}

/// Precedence of the licence's label: it is the authority (MS-OFFCRYPTO 2.6.1).
const LABEL_PRECEDENCE: u8 = 5;

/// Reads a publishing licence into the findings: what it says of the protection, and its label. One
/// that cannot be read is a warning, for the file is protected all the same.
pub(crate) fn record_licence(
    input: &Input<'_>,
    bytes: &[u8],
    findings: &mut Findings,
) -> Parsed<()> {
    let licence = match parse_licence(input, bytes) {
        Ok(licence) => licence,
        Err(Stop::Refused(_)) => {
            findings.warn(Warning::UnreadableLicence);
            return Ok(());
        }
        Err(stop) => return Err(stop),
    };
    findings
        .groups
        .extend(licence.label_id.map(|id| LabelGroup {
            site_id: licence.label_tenant_id,
            enabled: true,
            ..LabelGroup::new(Place::RmsLicense, LABEL_PRECEDENCE, id)
        }));
    findings.protection.licence = Some(Box::new(licence));
    Ok(())
}

/// The first `<XrML …>…</XrML>`. Fragments stand one after the other, each perhaps with an XML
/// declaration of its own, so the whole is no XML document.
fn first_fragment(text: &str) -> Option<&str> {
    const END: &[u8] = b"</XrML>";
    let start = memchr::memmem::find(text.as_bytes(), b"<XrML")?;
    let rest = text.get(start..)?;
    let length = memchr::memmem::find(rest.as_bytes(), END)? + END.len();
    rest.get(..length)
}

/// A value that the licence keeps, by the element that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Issued,
    Expires,
    TemplateId,
    TemplateNames,
    HomeTenant,
    IssuerUrl,
    ServerId,
    ServerUrl,
    LicenceUrl,
    ExtranetUrl,
    ContentId,
    Owner,
    LabelId,
    LabelTenant,
}

/// State of one walk through a licence.
#[derive(Default)]
struct Walk {
    /// Local names from the root to the open element, each after a `/`.
    path: String,
    /// `type` of the `OBJECT` opened last.
    object_type: String,
    /// What the open element holds, if it is wanted, and its text so far.
    open: Option<(Field, String)>,
    is_rights_label: bool,
    issuer_url: Option<String>,
    server_tenant: Option<Uuid>,
    licence: Licence,
}

impl Walk {
    fn start(&mut self, element: &Element<'_>) -> Parsed<()> {
        self.path.push('/');
        self.path.push_str(element.local_name());
        match self.path.strip_prefix("/XrML/BODY").unwrap_or_default() {
            "" => {
                self.is_rights_label |=
                    element.attribute("type")?.as_deref() == Some("Microsoft Rights Label");
            }
            path if path.ends_with("/OBJECT") => {
                let kind = element.attribute("type")?.unwrap_or_default();
                if path == "/ISSUER/OBJECT" {
                    self.licence.issuer = issuer_kind(&kind);
                }
                kind.as_ref().clone_into(&mut self.object_type);
            }
            "/DESCRIPTOR/OBJECT/ID" => {
                let version = element.attribute("version")?;
                self.licence.template_version = version.map(Cow::into_owned);
            }
            "/ISSUER/SECURITYLEVEL" | "/ISSUEDPRINCIPALS/PRINCIPAL/SECURITYLEVEL"
                if element.attribute("name")?.as_deref() == Some("Tenant-ID") =>
            {
                let tenant = element.attribute("value")?;
                self.server_tenant = tenant.and_then(|id| parse_guid(&id)).or(self.server_tenant);
            }
            _ => {}
        }
        self.open = self.field(element)?.map(|field| (field, String::new()));
        Ok(())
    }

    /// Which value the element just opened holds.
    fn field(&self, element: &Element<'_>) -> Parsed<Option<Field>> {
        let path = self.path.strip_prefix("/XrML/BODY").unwrap_or_default();
        Ok(match path {
            "/ISSUEDTIME" => Some(Field::Issued),
            "/VALIDITYTIME/UNTIL" => Some(Field::Expires),
            "/DESCRIPTOR/OBJECT/ID" => Some(Field::TemplateId),
            "/DESCRIPTOR/OBJECT/NAME" => Some(Field::TemplateNames),
            "/ISSUER/OBJECT/ADDRESS" => match element.attribute("type")?.as_deref() {
                Some("home_tenantId") => Some(Field::HomeTenant),
                Some("URL") if self.object_type == SERVER => Some(Field::IssuerUrl),
                _ => None,
            },
            "/ISSUEDPRINCIPALS/PRINCIPAL/OBJECT/ID" if self.object_type == SERVER => {
                Some(Field::ServerId)
            }
            "/ISSUEDPRINCIPALS/PRINCIPAL/OBJECT/ADDRESS" if self.object_type == SERVER => {
                Some(Field::ServerUrl)
            }
            "/DISTRIBUTIONPOINT/OBJECT/ADDRESS" => match self.object_type.as_str() {
                "License-Acquisition-URL" => Some(Field::LicenceUrl),
                "Extranet-License-Acquisition-URL" => Some(Field::ExtranetUrl),
                _ => None,
            },
            "/WORK/OBJECT/ID" => Some(Field::ContentId),
            "/WORK/METADATA/OWNER/OBJECT/NAME" => Some(Field::Owner),
            "/AUTHENTICATEDDATA" if element.attribute("id")?.as_deref() == Some("LABEL") => {
                match element.attribute("name")?.as_deref() {
                    Some("ID") => Some(Field::LabelId),
                    Some("TenantId") => Some(Field::LabelTenant),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn text(&mut self, piece: &str) {
        if let Some((_, text)) = &mut self.open {
            text.push_str(piece);
        }
    }

    fn end(&mut self) -> Parsed<()> {
        if let Some((field, text)) = self.open.take() {
            self.keep(field, text.trim())?;
        }
        let parent = self.path.rfind('/').unwrap_or(0);
        self.path.truncate(parent);
        Ok(())
    }

    /// Keeps a value unless an earlier element gave it already.
    fn keep(&mut self, field: Field, text: &str) -> Parsed<()> {
        let text = match field {
            Field::TemplateNames => template_name(text),
            _ => text,
        };
        if text.len() > LONGEST_VALUE {
            return Err(Refusal::Limit("its publishing licence has too long a value").into());
        }
        if text.is_empty() {
            return Ok(());
        }
        let licence = &mut self.licence;
        let text_of = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| text.to_owned());
        };
        let id_of = |slot: &mut Option<Uuid>| *slot = slot.or_else(|| parse_guid(text));
        match field {
            Field::Issued => text_of(&mut licence.issued),
            Field::Expires => text_of(&mut licence.expires),
            Field::TemplateNames => text_of(&mut licence.template_name),
            Field::IssuerUrl => text_of(&mut self.issuer_url),
            Field::ServerUrl => text_of(&mut licence.server_url),
            Field::LicenceUrl => text_of(&mut licence.licence_url),
            Field::ExtranetUrl => text_of(&mut licence.extranet_url),
            Field::TemplateId => id_of(&mut licence.template_id),
            Field::HomeTenant => id_of(&mut licence.tenant_id),
            Field::ServerId => id_of(&mut licence.server_id),
            Field::ContentId => id_of(&mut licence.content_id),
            Field::LabelId => id_of(&mut licence.label_id),
            Field::LabelTenant => id_of(&mut licence.label_tenant_id),
            Field::Owner => {
                licence
                    .owner
                    .get_or_insert_with(|| PersonalData(text.to_owned()));
            }
        }
        Ok(())
    }

    fn conclude(self) -> Licence {
        let mut licence = self.licence;
        // The server that sealed the key is the one that counts; one that issued the licence is
        // normally the same.
        licence.server_url = licence.server_url.or(self.issuer_url);
        licence.tenant_id = self.server_tenant.or(licence.tenant_id);
        let licensing_urls: Vec<&str> = [&licence.licence_url, &licence.extranet_url]
            .into_iter()
            .filter_map(|url| url.as_deref())
            .collect();
        licence.provenance = Provenance::classify(
            licence.server_url.as_deref(),
            self.server_tenant.is_some(),
            &licensing_urls,
        );
        licence
    }
}

/// `OBJECT` type of a server.
const SERVER: &str = "MS-DRM-Server";

fn issuer_kind(object_type: &str) -> Option<IssuerKind> {
    match object_type {
        SERVER => Some(IssuerKind::Server),
        "Group-Identity" => Some(IssuerKind::User),
        _ => None,
    }
}

/// The English name, else the first one, of `LCID <number>:NAME <name>:DESCRIPTION <text>;` repeated
/// per language.
fn template_name(text: &str) -> &str {
    let mut first = None;
    for entry in text.split("LCID ").skip(1) {
        let Some((language, rest)) = entry.split_once(":NAME ") else {
            continue;
        };
        let name = rest
            .split_once(":DESCRIPTION")
            .map_or(rest, |(name, _)| name);
        let name = name.trim();
        // The low ten bits of a language id are the language, the others the country.
        let is_english = matches!(language.trim().parse::<u32>(), Ok(id) if id & 0x3FF == 9);
        if is_english {
            return name;
        }
        first.get_or_insert(name);
    }
    first.unwrap_or(text)
}

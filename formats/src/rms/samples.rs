//! Publishing licences with invented contents, for tests.

/// What varies between licences.
#[derive(Debug, Clone)]
pub(crate) struct SampleLicence {
    pub(crate) server_url: Option<&'static str>,
    pub(crate) licence_url: Option<&'static str>,
    pub(crate) extranet_url: Option<&'static str>,
    /// Value of `Tenant-ID`, as written.
    pub(crate) tenant: Option<&'static str>,
    /// Published by a user's client, with the certificates that go with that.
    pub(crate) by_user: bool,
    pub(crate) template_names: &'static str,
    pub(crate) label: Option<(&'static str, &'static str)>,
    pub(crate) until: Option<&'static str>,
}

pub(crate) const TENANT: &str = "0a0a0a0a-1111-4222-8333-444444444444";
pub(crate) const LABEL: &str = "1b1b1b1b-1111-4222-8333-444444444444";
pub(crate) const SERVER: &str = "2c2c2c2c-1111-4222-8333-444444444444";
pub(crate) const TEMPLATE: &str = "3d3d3d3d-1111-4222-8333-444444444444";
pub(crate) const CONTENT: &str = "4e4e4e4e-1111-4222-8333-444444444444";
pub(crate) const USER_TENANT: &str = "5f5f5f5f-1111-4222-8333-444444444444";
pub(crate) const OWNER: &str = "sample-owner@labeld.example";

impl SampleLicence {
    /// As Azure RMS issues it for a labelled document.
    pub(crate) fn azure() -> Self {
        Self {
            server_url: Some("https://6a6a.rms.eu.aadrm.com/_wmcs"),
            licence_url: Some("https://6a6a.rms.eu.aadrm.com/_wmcs/licensing"),
            extranet_url: Some("https://6a6a.rms.eu.aadrm.com/_wmcs/licensing"),
            tenant: Some("{0A0A0A0A-1111-4222-8333-444444444444}"),
            by_user: false,
            template_names: "LCID 1031:NAME Geheim:DESCRIPTION Nur &lt;intern&gt;;\nLCID 2057:NAME Secret &amp; sound:DESCRIPTION For us;\n",
            label: Some((LABEL, TENANT)),
            until: None,
        }
    }

    /// As AD RMS issues it.
    pub(crate) fn ad_rms() -> Self {
        Self {
            server_url: Some("http://rms.corp.example/_wmcs"),
            licence_url: Some("http://rms.corp.example/_wmcs/licensing"),
            extranet_url: Some("https://rms.example/_wmcs/licensing"),
            tenant: None,
            template_names: "LCID 1031:NAME Nur Lesen:DESCRIPTION Nichts: sonst;\n",
            label: None,
            ..Self::azure()
        }
    }

    /// The licence as XrML text: one fragment, or three where a user's client made it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(r#"<?xml version="1.0"?><XrML xmlns="" version="1.2">"#);
        text += r#"<BODY type="Microsoft Rights Label" version="3.0"><ISSUEDTIME>2031-02-03T04:05</ISSUEDTIME>"#;
        if let Some(until) = self.until {
            text += &format!(
                "<VALIDITYTIME><FROM>2031-02-03T04:05</FROM><UNTIL>{until}</UNTIL></VALIDITYTIME>"
            );
        }
        text += &format!(
            r#"<DESCRIPTOR><OBJECT><ID type="MS-GUID" version="2030-01-01T00:00">{{{TEMPLATE}}}</ID><NAME>{}</NAME></OBJECT></DESCRIPTOR>"#,
            self.template_names
        );
        text += &self.issuer();
        for (kind, url) in [
            ("License-Acquisition-URL", self.licence_url),
            ("Extranet-License-Acquisition-URL", self.extranet_url),
            ("Referral-Info", Some("https://help.example/")),
        ] {
            let Some(url) = url else { continue };
            text += &format!(
                r#"<DISTRIBUTIONPOINT><OBJECT type="{kind}"><NAME>Cluster</NAME><ADDRESS type="URL">{url}</ADDRESS></OBJECT></DISTRIBUTIONPOINT>"#
            );
        }
        text += &format!(
            r#"<ISSUEDPRINCIPALS><PRINCIPAL internal-id="1">{}<SECURITYLEVEL name="Server-SKU" value="RMS 2.0"/>{}</PRINCIPAL></ISSUEDPRINCIPALS>"#,
            self.server(),
            self.tenant_level()
        );
        text += &format!(
            r#"<WORK><OBJECT><ID type="MS-GUID">{{{CONTENT}}}</ID></OBJECT><METADATA><OWNER><OBJECT><ID type="Unspecified" /><NAME>{OWNER}</NAME></OBJECT></OWNER></METADATA></WORK>"#
        );
        text += r#"<AUTHENTICATEDDATA id="Encrypted-Rights-Data">AAAA</AUTHENTICATEDDATA>"#;
        if let Some((label, tenant)) = self.label {
            text += &format!(
                r#"<AUTHENTICATEDDATA name="ID" id="LABEL">{label}</AUTHENTICATEDDATA><AUTHENTICATEDDATA id="LABEL" name="TenantId">{tenant}</AUTHENTICATEDDATA>"#
            );
        }
        text += "</BODY><SIGNATURE/></XrML>";
        if self.by_user {
            text += r#"<XrML xmlns="" version="1.2"><BODY type="LICENSE" version="3.0"><ISSUEDTIME>1999-01-01T00:00</ISSUEDTIME></BODY></XrML>"#;
            text += r#"<?xml version="1.0"?><XrML version="1.2" xmlns=""><BODY type="LICENSE"/></XrML>"#;
        }
        text
    }

    fn server(&self) -> String {
        let url = self.server_url.map_or(String::new(), |url| {
            format!(r#"<ADDRESS type="URL">{url}</ADDRESS>"#)
        });
        format!(
            r#"<OBJECT type="MS-DRM-Server"><ID type="MS-GUID">{{{SERVER}}}</ID><NAME>Org</NAME>{url}</OBJECT>"#
        )
    }

    fn tenant_level(&self) -> String {
        self.tenant.map_or(String::new(), |tenant| {
            format!(r#"<SECURITYLEVEL value="{tenant}" name="Tenant-ID"></SECURITYLEVEL>"#)
        })
    }

    fn issuer(&self) -> String {
        if !self.by_user {
            return format!("<ISSUER>{}{}</ISSUER>", self.server(), self.tenant_level());
        }
        format!(
            r#"<ISSUER><OBJECT type="Group-Identity"><ID type="Federation">{{{OWNER_ID}}}</ID><NAME>{OWNER}</NAME><ADDRESS type="home_tenantId">{USER_TENANT}</ADDRESS></OBJECT><SECURITYLEVEL name="SDK" value="1.0"/></ISSUER>"#
        )
    }
}

const OWNER_ID: &str = "6a6a6a6a-1111-4222-8333-444444444444";

//! Invented labels of invented tenants, in the words that each place uses
//! (reference/label-formats.md §1.2, §2.2, §5.1).

use std::fmt::Write as _;

use uuid::Uuid;

use super::random::Random;

const NAMES: [&str; 6] = [
    "Public",
    "General",
    "Internal only",
    "Confidential",
    "Confidential \\ All Employees",
    "Highly Confidential",
];

/// A label as it is written into one document.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) site_id: Uuid,
    pub(crate) id: Uuid,
    name: &'static str,
    method: &'static str,
    set_date: String,
    action_id: Uuid,
    content_bits: u8,
}

/// The tenants of a set and their labels.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    tenants: Vec<(Uuid, Vec<(Uuid, &'static str)>)>,
}

impl Catalogue {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::for_item(seed, u64::MAX);
        let tenants = (0..3)
            .map(|_| {
                let labels = NAMES.iter().map(|name| (random.uuid(), *name)).collect();
                (random.uuid(), labels)
            })
            .collect();
        Self { tenants }
    }

    /// The labels of one labelled document: one, and in one of 25 documents a second tenant's.
    pub(crate) fn labels(&self, random: &mut Random) -> Vec<Label> {
        let first = random.below(self.tenants.len());
        let mut labels = vec![self.label(first, random)];
        if random.percent(4) {
            labels.push(self.label((first + 1) % self.tenants.len(), random));
        }
        labels
    }

    fn label(&self, tenant: usize, random: &mut Random) -> Label {
        let (site_id, labels) = &self.tenants[tenant];
        let (id, name) = random.pick(labels);
        Label {
            site_id: *site_id,
            id,
            name,
            method: random.pick(&["Standard", "Standard", "Privileged"]),
            set_date: format!(
                "20{}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                random.within(21..=26),
                random.within(1..=12),
                random.within(1..=28),
                random.below(24),
                random.below(60),
                random.below(60)
            ),
            action_id: random.uuid(),
            content_bits: random.pick(&[0, 0, 0, 2]),
        }
    }
}

impl Label {
    /// Property names and values, as custom properties and PDF keys have them.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let id = self.id;
        let site_id = self.site_id.to_string();
        let action_id = self.action_id.to_string();
        let content_bits = self.content_bits.to_string();
        [
            ("Enabled", "true"),
            ("SetDate", &self.set_date),
            ("Method", self.method),
            ("Name", self.name),
            ("SiteId", &site_id),
            ("ActionId", &action_id),
            ("ContentBits", &content_bits),
        ]
        .into_iter()
        .map(|(field, value)| (format!("MSIP_Label_{id}_{field}"), value.to_owned()))
        .collect()
    }
}

/// The `docMetadata/LabelInfo.xml` part, byte for byte as Office writes it.
pub(crate) fn label_info(labels: &[Label]) -> String {
    let mut xml = String::from(
        r#"<?xml version="1.0" encoding="utf-8" standalone="yes"?><clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata">"#,
    );
    for label in labels {
        let _ = write!(
            xml,
            r#"<clbl:label id="{{{}}}" enabled="1" method="{}" siteId="{{{}}}" contentBits="{}" removed="0" />"#,
            label.id, label.method, label.site_id, label.content_bits
        );
    }
    xml.push_str("</clbl:labelList>");
    xml
}

/// The custom properties part: `other` properties first, then the labels'.
pub(crate) fn custom_properties(
    other: &[(&str, &str)],
    labels: &[Label],
    namespace: &str,
    types_namespace: &str,
    encoding: &str,
) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"yes\"?>\r\n\
         <Properties xmlns=\"{namespace}\" xmlns:vt=\"{types_namespace}\">"
    );
    let other = other
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let properties = other.chain(labels.iter().flat_map(Label::fields));
    for (index, (name, value)) in properties.enumerate() {
        let _ = write!(
            xml,
            r#"<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{}" name="{name}"><vt:lpwstr>{value}</vt:lpwstr></property>"#,
            index + 2
        );
    }
    xml.push_str("</Properties>");
    xml
}

//! The tenant's sensitivity labels.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A sensitivity label of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Label {
    /// The id that is written into files.
    pub id: Uuid,
    /// The visible name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The hint that people see.
    pub tooltip: String,
    /// Larger is more sensitive, unless the switch `label_priority_reversed` says otherwise.
    pub priority: i32,
    /// `#rrggbb`, or empty.
    pub color: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it encrypts.
    pub protects: bool,
    /// What it is for: `email,site,unifiedGroup,teamwork,file,schematizedData`.
    pub applicable_to: String,
    /// The label it is below.
    pub parent: Option<Uuid>,
    /// Whether it is given to what has none.
    pub is_default: bool,
}

impl Default for Label {
    fn default() -> Self {
        Self {
            id: Uuid::nil(),
            name: String::new(),
            description: String::new(),
            tooltip: String::new(),
            priority: 0,
            color: String::new(),
            enabled: true,
            protects: false,
            applicable_to: "email,file".to_owned(),
            parent: None,
            is_default: false,
        }
    }
}

impl Label {
    /// Whether it is for files.
    pub(crate) fn is_for_files(&self) -> bool {
        self.applicable_to
            .split(',')
            .any(|target| target.trim() == "file")
    }
}

/// The labels of a new tenant: those of the reference's examples, and one of each kind that needs care.
pub(crate) fn initial() -> Vec<Label> {
    let label = |last: u8, name: &str, priority: i32| Label {
        id: Uuid::from_u128(0x0b9e_6f5a_1c2d_4e3f_8a4b_5c6d_7e8f_9000 | u128::from(last)),
        name: name.to_owned(),
        priority,
        ..Label::default()
    };
    let general = Label {
        description: "Ordinary work".to_owned(),
        tooltip: "Ordinary work".to_owned(),
        color: "#1F6FEB".to_owned(),
        ..label(1, "General", 0)
    };
    let confidential = Label {
        description: "Limited audience".to_owned(),
        tooltip: "Limited audience".to_owned(),
        ..label(2, "Confidential", 1)
    };
    let finance = Label {
        description: "Finance only".to_owned(),
        tooltip: "Finance only".to_owned(),
        protects: true,
        parent: Some(confidential.id),
        ..label(3, "Finance", 2)
    };
    let internal = Label {
        description: "For colleagues".to_owned(),
        tooltip: "For colleagues".to_owned(),
        parent: Some(confidential.id),
        ..label(4, "Internal", 3)
    };
    let retired = Label {
        description: "No longer used".to_owned(),
        enabled: false,
        ..label(5, "Retired", 4)
    };
    let meetings = Label {
        description: "For meetings only".to_owned(),
        applicable_to: "email,site,unifiedGroup".to_owned(),
        ..label(6, "Meetings", 5)
    };
    vec![general, confidential, finance, internal, retired, meetings]
}

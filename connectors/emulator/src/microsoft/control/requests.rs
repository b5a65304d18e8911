//! The arguments of the operations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::frame::{Content, ControlError, Recipe, arguments};
use crate::microsoft::{
    GenerateOptions, Label, Library, LockForm, Retention, Share, SiteRole, SiteState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSite {
    pub(super) path: String,
    pub(super) title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLibrary {
    pub(super) site: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserName {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSite {
    pub(super) site: String,
    pub(super) state: SiteState,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSiteRole {
    pub(super) site: String,
    #[serde(default)]
    pub(super) role: Option<SiteRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    #[serde(default)]
    pub(super) graph: Option<Vec<String>>,
    #[serde(default)]
    pub(super) sharepoint: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetLabels {
    pub(super) labels: Vec<Label>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LibrarySettings {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) settings: Library,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DriveOnly {
    #[serde(default)]
    pub(super) drive: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) who: String,
}

/// A file with its content, in one of three forms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Put {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    base64: Option<String>,
    #[serde(default)]
    recipe: Option<Recipe>,
    #[serde(default)]
    pub(super) who: String,
}

impl Put {
    /// The content that was given.
    pub(super) fn content(&self) -> Result<Content, ControlError> {
        match (&self.text, &self.base64, &self.recipe) {
            (Some(text), None, None) => Ok(Content::new(text.clone())),
            (None, Some(base64), None) => STANDARD
                .decode(base64)
                .map(Content::new)
                .map_err(|error| ControlError::BadArguments(format!("base64: {error}"))),
            (None, None, Some(recipe)) => Ok(Content::made(recipe.clone())),
            _ => Err(ControlError::BadArguments(
                "one of text, base64 and recipe is needed".to_owned(),
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) who: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveAcross {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) from: String,
    pub(super) to_drive: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) who: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shortcut {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) target_drive: String,
    pub(super) target: String,
    #[serde(default)]
    pub(super) who: String,
}

/// The options of the files to be made, and the drive for them.
pub(super) struct Generate {
    pub(super) drive: String,
    pub(super) options: GenerateOptions,
}

impl Generate {
    pub(super) fn read(given: &Value) -> Result<Self, ControlError> {
        let mut options = given.clone();
        let drive = options
            .as_object_mut()
            .and_then(|options| options.remove("drive"))
            .map_or_else(|| Ok(String::new()), |drive| arguments(&drive))?;
        Ok(Self {
            drive,
            options: arguments(&options)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareItem {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    pub(super) share: Share,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unshare {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) permission: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inherit {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    pub(super) inherits: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockRequest {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) who: String,
    #[serde(default)]
    pub(super) form: LockForm,
    #[serde(default)]
    pub(super) seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retain {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) retention: Option<Retention>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Malware {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    pub(super) pending: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decryption {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) hashless: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFields {
    #[serde(default)]
    pub(super) drive: String,
    pub(super) path: String,
    pub(super) fields: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifecycle {
    pub(super) event: String,
}

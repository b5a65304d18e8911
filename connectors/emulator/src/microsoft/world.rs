//! The state with all that a change of it needs.

mod edit;
mod passing;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use url::Url;

use self::edit::version_record;
pub(crate) use self::edit::{EditError, NewItem};
use super::state::State;
use super::state::actor::ActorRef;
use super::state::blob::BlobRef;
use super::state::drive::{Drive, DriveIndex};
use super::state::item::{Item, Millis};
use super::state::site::{SharePointHost, Site};
use super::state::transient::Place;
use super::switches::Switches;
use crate::frame::{Content, Journal};

/// The base URLs, each with a `/` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// The token endpoint's host.
    pub login: Url,
    /// Graph.
    pub graph: Url,
    /// SharePoint, in the place of `https://alder.sharepoint.com`.
    pub sharepoint: Url,
    /// People's OneDrives, in the place of `https://alder-my.sharepoint.com`.
    pub sharepoint_my: Url,
}

impl Bases {
    /// The bases before the ports are bound: addresses at which nothing is.
    pub(crate) fn unbound() -> Self {
        #[expect(clippy::expect_used, reason = "the constant is a URL")]
        let nowhere = Url::parse("http://unbound.invalid/").expect("a URL");
        Self {
            login: nowhere.clone(),
            graph: nowhere.clone(),
            sharepoint: nowhere.clone(),
            sharepoint_my: nowhere,
        }
    }

    /// The base of a SharePoint host.
    pub(crate) fn of(&self, host: SharePointHost) -> &Url {
        match host {
            SharePointHost::Root => &self.sharepoint,
            SharePointHost::My => &self.sharepoint_my,
        }
    }
}

/// The state, locked, at a time.
pub(crate) struct World<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) switches: &'a Switches,
    pub(crate) bases: &'a Bases,
    pub(crate) journal: &'a Journal,
    pub(crate) now: DateTime<Utc>,
}

impl World<'_> {
    /// The time in milliseconds.
    pub(crate) fn millis(&self) -> Millis {
        self.now.timestamp_millis()
    }

    /// A drive.
    pub(crate) fn drive(&self, drive: DriveIndex) -> Result<&Drive, EditError> {
        self.state.drive(drive).ok_or(EditError::NotFound)
    }

    /// A live item.
    pub(crate) fn item(&self, place: Place) -> Result<&Item, EditError> {
        self.drive(place.drive)?
            .tree
            .live(place.item)
            .ok_or(EditError::NotFound)
    }

    /// The content of a live file.
    pub(crate) fn blob(&self, place: Place) -> Result<&Content, EditError> {
        let blob = self.item(place)?.blob.ok_or(EditError::NotFound)?;
        self.state.blobs.get(blob).ok_or(EditError::NotFound)
    }

    /// The site of a drive.
    pub(crate) fn site_of(&self, drive: &Drive) -> Option<&Site> {
        self.state.site(drive.site)
    }

    /// The URL of a site.
    pub(crate) fn site_url(&self, site: &Site) -> String {
        let base = self.bases.of(site.host).as_str();
        format!("{base}{}", encode_path(&site.path))
            .trim_end_matches('/')
            .to_owned()
    }

    /// The URL of a drive.
    pub(crate) fn drive_url(&self, drive: &Drive) -> String {
        let site = self
            .site_of(drive)
            .map_or_else(String::new, |site| self.site_url(site));
        format!("{site}/{}", encode_path(&drive.url_name))
    }

    /// Keeps a content.
    pub(crate) fn keep(&mut self, content: Content) -> Result<BlobRef, EditError> {
        self.state.blobs.add(content).ok_or(EditError::Full)
    }

    /// Notes in the journal that the present content of a file was stored.
    pub(crate) fn record_version(&self, place: Place, actor: ActorRef) {
        if let Some(version) = version_record(self, place, actor) {
            self.journal.record_version(version);
        }
    }
}

/// A time as the service writes it, with a fraction only where there is one.
pub(crate) fn timestamp(millis: Millis) -> String {
    let time = Utc
        .timestamp_millis_opt(millis)
        .single()
        .unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A path in the form of a URL: what stands for itself is not encoded.
pub(crate) fn encode_path(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b'!')
        .remove(b'(')
        .remove(b')')
        .remove(b',')
        .remove(b'\'');
    utf8_percent_encode(path, KEPT).to_string()
}

//! What the clouds have stored: how often a file was written, on which day, and on top of what.

use std::collections::BTreeMap;
use std::fmt;

use crate::five_apps::App;
use crate::workspace::parts;
use chrono::NaiveDate;
use labeld_emulator::frame::StoredVersion;

/// The apps whose versions the emulator knows.
pub(super) const CLOUDS: [App; 4] = [App::SharePoint, App::OneDrive, App::Box, App::Google];

/// The app of a file: its name begins with it.
pub(super) fn app_of(path: &str) -> App {
    let name = path.rsplit('/').next().unwrap();
    let app = name.split('-').next().unwrap();
    *CLOUDS.iter().find(|cloud| cloud.name() == app).unwrap()
}

/// Whether labeld stored it; people's own saves come from no application.
fn is_labelled(version: &StoredVersion) -> bool {
    version.application.is_some()
}

/// Everything that was ever stored, in its order.
pub(super) struct Versions(pub(super) Vec<StoredVersion>);

impl Versions {
    /// No version of a person was labelled twice, and no labelled version was labelled again.
    pub(super) fn check_once(&self) {
        let mut since_a_person: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for version in &self.0 {
            let times = since_a_person
                .entry((&version.drive, &version.item))
                .or_default();
            if is_labelled(version) {
                *times += 1;
                assert_eq!(*times, 1, "labelled twice: {version:?}");
            } else {
                *times = 0;
            }
        }
    }

    /// Labels of each app and UTC date.
    pub(super) fn by_day(&self) -> BTreeMap<(App, NaiveDate), u32> {
        let mut days = BTreeMap::new();
        for version in self.0.iter().filter(|version| is_labelled(version)) {
            let day = version.time.date_naive();
            *days.entry((app_of(&version.path), day)).or_default() += 1;
        }
        days
    }

    /// Names of all items that labeld has stored, with the SHA-256 of what it stored.
    pub(super) fn labelled(&self) -> impl Iterator<Item = &StoredVersion> {
        self.0.iter().filter(|version| is_labelled(version))
    }
}

/// The text that a person has written, whatever label stands beside it.
pub(super) fn text_of(document: &[u8]) -> Option<Vec<u8>> {
    parts(document).remove("word/document.xml")
}

/// Labels by app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labelled(pub(super) BTreeMap<App, u32>);

impl Labelled {
    pub(super) fn sum(&self) -> u32 {
        self.0.values().sum()
    }
}

impl fmt::Display for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (app, files) in &self.0 {
            write!(f, "{}: {files} labelled  ", app.name())?;
        }
        Ok(())
    }
}

//! Download addresses that are good for now (reference/microsoft-graph.md §4).
//!
//! A listing gives an address with every file, and files are read in the order in which they were listed. So where there is no
//! more room, the newcomers of a listing stay out: they are read last. If the oldest made room for them, every address would
//! be gone by the time its file is read, as soon as more files wait than there is room for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use labeld_connector::{FileRef, Remembered, Version};
use tokio::time::Instant;

use super::reference::version_of;
use crate::model::{DownloadUrl, DriveItem};

/// Most addresses that are kept, over all apps of a tenant: some 15 MB.
const MOST_LINKS: usize = 12_000;

/// Of these, how many of the last used stay whatever comes. Among them are those of the files that are being read, of which
/// another part may be asked for, and of those that were prepared to be read next.
const IN_USE: usize = 1_024;

/// How long an address is used. The documentation says that they live for minutes; one lived for an hour.
const LIFETIME: Duration = Duration::from_secs(20 * 60);

/// A download address with what it leads to.
#[derive(Debug)]
pub(crate) struct Link {
    pub(super) url: DownloadUrl,
    /// The version of the content when the address was given.
    pub(super) version: Version,
    pub(super) e_tag: Option<String>,
    /// The size that was told with it.
    pub(super) size: Option<u64>,
}

impl Link {
    /// The address in an item that was just looked at, where it has one.
    pub(super) fn of(item: &DriveItem) -> Option<Self> {
        Some(Self {
            url: item.download_url.clone()?,
            version: version_of(item)?,
            e_tag: item.e_tag.clone(),
            size: item.size,
        })
    }
}

/// Addresses by file.
#[derive(Debug)]
pub(crate) struct Links {
    most: usize,
    in_use: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    links: HashMap<Arc<str>, Kept>,
    /// Those that nobody has asked for since they were listed, by number: in the order in which they came.
    listed: BTreeMap<u64, Arc<str>>,
    /// The others, in the order of their last use.
    used: BTreeMap<u64, Arc<str>>,
    numbers: u64,
}

#[derive(Debug)]
struct Kept {
    link: Arc<Link>,
    since: Instant,
    /// In one of the two orders.
    number: u64,
}

impl Default for Links {
    fn default() -> Self {
        Self::new(MOST_LINKS, IN_USE)
    }
}

impl Links {
    fn new(most: usize, in_use: usize) -> Self {
        Self {
            most,
            in_use,
            held: Mutex::default(),
        }
    }

    /// Takes in an address that came with a listing, where there is room.
    pub(super) fn put_listed(&self, file: &FileRef, link: Link) {
        let mut held = self.held();
        held.remove(&file.0);
        held.forget_old();
        if held.links.len() < self.most || held.forget_used(self.in_use) {
            held.keep_listed(file.0.as_str().into(), link);
        }
    }

    /// Takes in an address that is about to be used.
    pub(super) fn put(&self, file: &FileRef, link: Arc<Link>) {
        let mut held = self.held();
        held.remove(&file.0);
        held.forget_old();
        let has_room = held.links.len() < self.most
            || held.forget_used(self.in_use)
            || held.forget_last_listed()
            || held.forget_used(0);
        if has_room {
            held.keep_used(file.0.as_str().into(), link, Instant::now());
        }
    }

    /// The address, while it is good.
    pub(super) fn get(&self, file: &FileRef) -> Option<Arc<Link>> {
        let mut held = self.held();
        let (name, kept) = held.remove(&file.0)?;
        if kept.is_old() {
            return None;
        }
        held.keep_used(name, Arc::clone(&kept.link), kept.since);
        Some(kept.link)
    }

    /// Forgets an address.
    pub(super) fn remove(&self, file: &FileRef) {
        self.held().remove(&file.0);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_old(&self) -> bool {
        self.since.elapsed() >= LIFETIME
    }
}

impl Held {
    fn keep_listed(&mut self, name: Arc<str>, link: Link) {
        let number = self.next_number();
        self.listed.insert(number, Arc::clone(&name));
        let kept = Kept {
            link: Arc::new(link),
            since: Instant::now(),
            number,
        };
        self.links.insert(name, kept);
    }

    fn keep_used(&mut self, name: Arc<str>, link: Arc<Link>, since: Instant) {
        let number = self.next_number();
        self.used.insert(number, Arc::clone(&name));
        let kept = Kept {
            link,
            since,
            number,
        };
        self.links.insert(name, kept);
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn remove(&mut self, name: &str) -> Option<(Arc<str>, Kept)> {
        let (name, kept) = self.links.remove_entry(name)?;
        if self.listed.remove(&kept.number).is_none() {
            self.used.remove(&kept.number);
        }
        Some((name, kept))
    }

    /// Forgets listed addresses that are no longer good: the first ones have come first.
    fn forget_old(&mut self) {
        while let Some((_, name)) = self.listed.first_key_value()
            && self.links.get(name).is_none_or(Kept::is_old)
        {
            if let Some((_, name)) = self.listed.pop_first() {
                self.links.remove(&name);
            }
        }
    }

    /// Forgets the one whose last use is the longest ago, where more than `in_use` were used; whether there was one.
    fn forget_used(&mut self, in_use: usize) -> bool {
        if self.used.len() <= in_use {
            return false;
        }
        let oldest = self.used.pop_first();
        oldest.is_some_and(|(_, name)| self.links.remove(&name).is_some())
    }

    /// Forgets the one that was listed last; whether there was one.
    fn forget_last_listed(&mut self) -> bool {
        let last = self.listed.pop_last();
        last.is_some_and(|(_, name)| self.links.remove(&name).is_some())
    }
}

/// Sizes of files that are served with another size than they are listed with (§3.5 `size`), with the eTag that it is
/// true of.
pub(super) type ServedSizes = Remembered<FileRef, (String, u64)>;

pub(super) fn no_sizes() -> ServedSizes {
    Remembered::new(10_000, Duration::from_secs(24 * 3600))
}

#[cfg(test)]
mod tests {
    use labeld_connector::http::Url;

    use super::*;

    fn file(number: usize) -> FileRef {
        FileRef(format!("d/{number}"))
    }

    fn link() -> Link {
        Link {
            url: DownloadUrl(Url::parse("https://alder.sharepoint.com/d.aspx").unwrap()),
            version: Version("1".to_owned()),
            e_tag: None,
            size: None,
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// Files with these numbers were listed.
        Listed(usize, usize),
        /// They are about to be read.
        Prepared(usize, usize),
        /// They are asked for.
        Used(usize, usize),
    }
    use Step::{Listed, Prepared, Used};

    impl Step {
        fn take(self, links: &Links) {
            let (Listed(first, end) | Prepared(first, end) | Used(first, end)) = self;
            for number in first..end {
                match self {
                    Listed(..) => links.put_listed(&file(number), link()),
                    Prepared(..) => links.put(&file(number), Arc::new(link())),
                    Used(..) => drop(links.get(&file(number))),
                }
                let held = links.held();
                assert!(held.links.len() <= links.most, "{self:?}");
                assert_eq!(held.links.len(), held.listed.len() + held.used.len());
            }
        }
    }

    /// There is room for ten, and three that were used stay.
    #[tokio::test(start_paused = true)]
    async fn those_are_kept_that_will_be_read_next() {
        let table: [(&[Step], &[usize]); 7] = [
            (&[Listed(0, 4)], &[0, 1, 2, 3]),
            // The newcomers stay out.
            (&[Listed(0, 20)], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            // What was used makes room, but for the last three.
            (
                &[Listed(0, 10), Used(0, 5), Listed(10, 20)],
                &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ),
            (
                &[Listed(0, 10), Used(0, 5), Used(0, 1), Listed(10, 20)],
                &[0, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ),
            // What is about to be read comes in whatever else there is.
            (
                &[Listed(0, 10), Prepared(10, 13)],
                &[0, 1, 2, 3, 4, 5, 6, 10, 11, 12],
            ),
            (&[Prepared(0, 12)], &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
            (&[Listed(0, 3), Listed(0, 3), Prepared(1, 2)], &[0, 1, 2]),
        ];
        for (steps, kept) in table {
            let links = Links::new(10, 3);
            for step in steps {
                step.take(&links);
            }
            let found: Vec<usize> = (0..20)
                .filter(|number| links.held().links.contains_key(file(*number).0.as_str()))
                .collect();
            assert_eq!(found, kept, "{steps:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten() {
        let links = Links::new(10, 3);
        Listed(0, 8).take(&links);
        Used(0, 2).take(&links);
        tokio::time::advance(LIFETIME).await;
        assert!(links.get(&file(0)).is_none());
        Listed(8, 16).take(&links);
        assert!(links.get(&file(2)).is_none());
        assert!((8..16).all(|number| links.get(&file(number)).is_some()));
        links.remove(&file(8));
        assert!(links.get(&file(8)).is_none());
    }
}

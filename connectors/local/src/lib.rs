//! labeld connector for local folders, NFS and SMB mounts included.
//!
//! [`LocalFolder`] is the synchronous access that costs least; [`Local`] is the
//! [`Connector`](labeld_connector::Connector) on top of it, with a change feed that survives restarts.
//!
//! Every path is resolved by the kernel below one open root directory (`openat2` with
//! `RESOLVE_BENEATH`, Linux 5.6 or later), so that no link, no `..` and no race leads out of the root.
//! Links are listed and never followed; FIFOs, devices and sockets are listed and never read.

mod beneath;
mod connector;
mod copy;
mod cursor;
mod error;
mod exchange;
mod file;
mod folder;
mod listing;
mod names;
mod owners;
mod path;
mod random;
mod snapshot;
mod state;
mod status;
mod walk;
mod write;

pub use connector::{Local, LocalOptions};
pub use copy::copy_from;
pub use file::LocalFile;
pub use folder::{Files, Listed, LocalFolder, PathFilter};
pub use path::{display_of, file_ref_of, path_of};

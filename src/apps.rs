//! The only place that names concrete connectors.

pub use labeld_connector_local::{Listed, LocalFile, LocalFolder, file_ref_of, path_of};

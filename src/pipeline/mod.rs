//! The work, one file per stage.

pub mod label_list;
pub mod labels;
pub mod verdict;

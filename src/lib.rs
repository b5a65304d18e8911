//! labeld

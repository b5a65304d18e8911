//! Etags of versions, learnt for many files at once.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use labeld_connector::{FileRef, Version};

use super::OPERATION;
use crate::batch::Api;
use crate::corpus::{Corpus, parse_file};
use crate::drive::GoogleDrive;
use crate::fields;
use crate::model::FileV2;
use crate::version::{digest_in, version_of_v2};

/// Corpora that are asked at a time.
const SIDE_BY_SIDE: usize = 4;

impl GoogleDrive {
    /// Learns under which etags the versions of files are now, so that the parts of them need no further look. A batch
    /// cannot have files of two people in it (§9.3).
    pub(crate) async fn learn_etags(&self, files: &[(FileRef, Version)]) {
        if !self.asks_v2() {
            return;
        }
        let mut by_corpus: HashMap<Corpus, Vec<String>> = HashMap::new();
        for (file, version) in files {
            let is_known = self
                .etags
                .get(file)
                .is_some_and(|(known, _)| known == *version);
            // What has no digest is looked at anyway, and what is empty has nothing to read.
            let needs_etag = digest_in(version).is_some_and(|(_, size)| size > 0);
            if let (false, true, Ok((corpus, id))) =
                (is_known, needs_etag, parse_file(file, OPERATION))
            {
                by_corpus.entry(corpus).or_default().push(id);
            }
        }
        stream::iter(by_corpus)
            .for_each_concurrent(SIDE_BY_SIDE, |(corpus, ids)| self.learn_of(corpus, ids))
            .await;
    }

    async fn learn_of(&self, corpus: Corpus, ids: Vec<String>) {
        // One look by itself is no cheaper before the read than after it.
        if ids.len() < 2 {
            return;
        }
        let Ok(sight) = self.sight(&corpus, OPERATION).await else {
            return;
        };
        let query = (Api::V2, fields::CONTENT_V2);
        let looked = self
            .batches
            .look_at::<FileV2>(&self.client, &sight.eyes, query, &ids, OPERATION)
            .await;
        let looked = match looked {
            Ok(looked) => looked,
            Err(error) => {
                tracing::debug!("{}: reading costs more calls", error.sentence());
                return;
            }
        };
        for (id, seen) in ids.iter().zip(looked) {
            if let Ok(seen) = seen
                && seen.labels.trashed != Some(true)
                && let (Some(version), Some(etag)) = (version_of_v2(&seen), seen.etag)
            {
                self.etags.put(corpus.file(id), (version, etag));
            }
        }
    }
}

//! A file, and the calls about it.

use serde_json::Value;

use crate::support::{Answer, Cloud};

/// Who has stored it.
pub(crate) const MINA: &str = "mina@alder.example";

/// Its content.
pub(crate) const BODY: &str = "0123456789";

pub(crate) struct File {
    pub(crate) cloud: Cloud,
    pub(crate) drive: String,
    pub(crate) item: String,
}

impl File {
    pub(crate) async fn new(name: &str) -> Self {
        let cloud = Cloud::start().await;
        let drive = cloud.microsoft.library();
        let item = cloud.microsoft.put(&drive, name, BODY, MINA);
        Self { cloud, drive, item }
    }

    pub(crate) fn path(&self) -> String {
        format!("v1.0/drives/{}/items/{}", self.drive, self.item)
    }

    pub(crate) fn content(&self) -> String {
        format!("{}/content", self.path())
    }

    pub(crate) async fn show(&self) -> Value {
        self.cloud.get(&self.path()).await.json()
    }

    pub(crate) async fn url(&self) -> String {
        let answer = self.cloud.get(&self.content()).await;
        assert_eq!(answer.status.as_u16(), 302);
        assert!(answer.bytes.is_empty());
        answer.header("location").to_owned()
    }

    pub(crate) async fn put(
        &self,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.cloud.call("PUT", &self.content(), headers, body).await
    }
}

//! Each content once, for saved states.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Content;

/// A list of contents in which clones of one content are one entry. A provider saves its files with
/// numbers into the table, and the table beside them; restored files then share what they shared.
#[derive(Debug, Default)]
pub struct ContentTable {
    contents: Vec<Content>,
    numbers: HashMap<usize, usize>,
}

impl ContentTable {
    /// The number of a content, which is put into the table when no clone of it is there.
    pub fn add(&mut self, content: &Content) -> usize {
        let contents = &mut self.contents;
        *self.numbers.entry(content.address()).or_insert_with(|| {
            // The table's clone keeps the address from being used again.
            contents.push(content.clone());
            contents.len() - 1
        })
    }

    /// The content with this number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Content> {
        self.contents.get(number)
    }
}

impl Serialize for ContentTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.contents.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ContentTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let contents = Vec::<Content>::deserialize(deserializer)?;
        let numbers = contents
            .iter()
            .enumerate()
            .map(|(number, content)| (content.address(), number))
            .collect();
        Ok(Self { contents, numbers })
    }
}

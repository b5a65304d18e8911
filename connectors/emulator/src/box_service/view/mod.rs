//! What the service shows, as JSON.

mod event;
mod item;
mod people;

use serde_json::{Map, Value, json};

use super::state::Id;

/// Which fields a client asked for with `fields=`; `None` for those that are shown unasked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Option<Vec<String>>);

impl Fields {
    /// Reads the parameter.
    pub(crate) fn of(parameter: Option<&str>) -> Self {
        Self(parameter.map(|names| {
            names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        }))
    }

    /// The fields of a thing: those asked for, each as `show` has it, or those of `unasked`. Unknown names are ignored.
    fn show(
        &self,
        unasked: &[&str],
        mut base: Map<String, Value>,
        show: impl Fn(&str) -> Option<Value>,
    ) -> Value {
        let asked: Vec<&str> = match &self.0 {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => unasked.to_vec(),
        };
        for name in asked {
            if let Some(value) = show(name) {
                base.insert(name.to_owned(), value);
            }
        }
        Value::Object(base)
    }
}

/// `type` and `id`, with which everything begins.
fn base(kind: &str, id: Id) -> Map<String, Value> {
    let mut base = Map::new();
    base.insert("type".to_owned(), json!(kind));
    base.insert("id".to_owned(), json!(id.to_string()));
    base
}

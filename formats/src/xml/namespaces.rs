//! Which prefix stands for which namespace (Namespaces in XML 1.0).

use std::rc::Rc;

use memchr::memmem::Finder;

use super::attributes::{self, RawAttributes};
use crate::input::Parsed;
use crate::refusal::Refusal;

/// Declarations in force at once; each prefix is looked for among all of them.
const MOST_BINDINGS: usize = 256;

struct Binding {
    depth: u32,
    /// Empty for the default namespace.
    prefix: Box<str>,
    uri: Rc<str>,
}

/// The declarations in force.
pub(super) struct Namespaces {
    bindings: Vec<Binding>,
    declaration: Finder<'static>,
    none: Rc<str>,
}

impl Namespaces {
    pub(super) fn new() -> Self {
        Self {
            bindings: Vec::new(),
            declaration: Finder::new("xmlns"),
            none: Rc::from(""),
        }
    }

    /// Takes in what a start tag at `depth` declares.
    pub(super) fn enter(&mut self, depth: u32, raw_attributes: &str) -> Parsed<()> {
        if self.declaration.find(raw_attributes.as_bytes()).is_none() {
            return Ok(());
        }
        for attribute in RawAttributes::new(raw_attributes) {
            let (name, value) = attribute?;
            let Some(prefix) = declared_prefix(name) else {
                continue;
            };
            if self.bindings.len() >= MOST_BINDINGS {
                return Err(Refusal::Limit("its XML declares too many namespaces").into());
            }
            self.bindings.push(Binding {
                depth,
                prefix: prefix.into(),
                uri: attributes::value(value)?.into(),
            });
        }
        Ok(())
    }

    /// Forgets what the element at `depth` declared.
    pub(super) fn leave(&mut self, depth: u32) {
        while self.bindings.pop_if(|last| last.depth >= depth).is_some() {}
    }

    /// The namespace of a qualified element name.
    pub(super) fn of(&self, name: &str) -> Parsed<Rc<str>> {
        let colon = name.bytes().position(|byte| byte == b':');
        let prefix = colon.and_then(|at| name.get(..at)).unwrap_or_default();
        let mut declared = self.bindings.iter().rev();
        match declared.find(|binding| *binding.prefix == *prefix) {
            Some(binding) => Ok(Rc::clone(&binding.uri)),
            None if prefix.is_empty() => Ok(Rc::clone(&self.none)),
            None => Err(Refusal::corrupt("its XML uses an undeclared prefix").into()),
        }
    }
}

/// The prefix that an attribute of this name declares.
pub(super) fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':'),
    }
}

//! PDF objects (ISO 32000-2, 7.3).

/// Number and generation of an indirect object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ObjectId {
    pub(super) number: u32,
    pub(super) generation: u32,
}

/// One object. Real numbers carry nothing that this reader needs, so their value is not kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    Real,
    String(Vec<u8>),
    Name(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(ObjectId),
}

impl Object {
    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The value of an integer that is not negative.
    pub(super) fn as_unsigned(&self) -> Option<u64> {
        u64::try_from(self.as_integer()?).ok()
    }

    pub(super) fn as_name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn as_string(&self) -> Option<&[u8]> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    pub(super) fn as_reference(&self) -> Option<ObjectId> {
        match self {
            Self::Reference(id) => Some(*id),
            _ => None,
        }
    }
}

/// A dictionary in the order of the file. Of two entries with one key the last counts, as in the
/// viewers; an entry whose value is null is none (ISO 32000-2, 7.3.7).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Dictionary(pub(super) Vec<(Vec<u8>, Object)>);

impl Dictionary {
    pub(super) fn get(&self, key: &[u8]) -> Option<&Object> {
        self.0
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
            .filter(|value| **value != Object::Null)
    }

    pub(super) fn integer(&self, key: &[u8]) -> Option<i64> {
        self.get(key)?.as_integer()
    }

    pub(super) fn unsigned(&self, key: &[u8]) -> Option<u64> {
        self.get(key)?.as_unsigned()
    }

    pub(super) fn name(&self, key: &[u8]) -> Option<&[u8]> {
        self.get(key)?.as_name()
    }

    pub(super) fn string(&self, key: &[u8]) -> Option<&[u8]> {
        self.get(key)?.as_string()
    }

    pub(super) fn array(&self, key: &[u8]) -> Option<&[Object]> {
        self.get(key)?.as_array()
    }

    pub(super) fn dictionary(&self, key: &[u8]) -> Option<&Dictionary> {
        self.get(key)?.as_dictionary()
    }

    pub(super) fn reference(&self, key: &[u8]) -> Option<ObjectId> {
        self.get(key)?.as_reference()
    }
}

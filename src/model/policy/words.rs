//! Enums whose variants are words in configuration, tables and output.

/// Makes an enum with a word for each variant: `ALL`, `as_str`, `from_word` and `Display`.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every one, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in configuration, tables and output.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl $crate::model::policy::Worded for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

use labeld_connector::Exposure;

use crate::model::FileState;

/// A type whose values are a few words.
pub trait Worded: Copy + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

impl Worded for Exposure {
    // Without `unknown`: what nobody knows is not to be asked for.
    const WORDS: &'static [(&'static str, Self)] = &[
        ("private", Self::Private),
        ("internal", Self::Internal),
        ("external", Self::External),
        ("public", Self::Public),
    ];
}

impl Worded for FileState {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("ok", Self::Ok),
        ("empty", Self::Empty),
        ("password", Self::Password),
        ("rms", Self::Rms),
        ("corrupt", Self::Corrupt),
        ("limit", Self::Limit),
        ("too_large", Self::TooLarge),
        ("type_mismatch", Self::TypeMismatch),
        ("unsupported", Self::Unsupported),
        ("denied", Self::Denied),
        ("special", Self::Special),
        ("error", Self::Error),
    ];
}

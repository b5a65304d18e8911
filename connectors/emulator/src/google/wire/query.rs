//! The `q` parameter (reference/google-drive.md §2.3): `and` and `or` have equal weight, from left to right.

mod lexer;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use self::lexer::{Lexer, Token};
use super::failure::Failure;

/// Deepest nesting of parentheses.
const MOST_DEPTH: usize = 50;

/// A condition on a file or a shared drive.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    Text {
        field: &'static str,
        test: TextTest,
        value: String,
    },
    Time {
        field: &'static str,
        test: Order,
        value: DateTime<Utc>,
    },
    Flag {
        field: &'static str,
        value: bool,
    },
    Number {
        field: &'static str,
        test: Order,
        value: i64,
    },
    /// `'x' in parents`.
    In {
        value: String,
        field: &'static str,
    },
    /// `properties has { key='k' and value='v' }`.
    Has {
        field: &'static str,
        key: String,
        value: String,
    },
}

/// How a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    Equal,
    Unequal,
}

/// How a time or a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    More,
}

impl Order {
    /// Whether `left` stands in this order to `right`.
    pub(crate) fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }

    fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            "=" => Self::Equal,
            "!=" => Self::Unequal,
            ">=" => Self::AtLeast,
            ">" => Self::More,
            _ => return None,
        })
    }
}

/// What the fields of a language are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    text: &'static [&'static str],
    time: &'static [&'static str],
    flag: &'static [&'static str],
    number: &'static [&'static str],
    collection: &'static [&'static str],
    map: &'static [&'static str],
}

/// Those of files. Version 2 calls some by other names, which are taken too.
pub(crate) const FILES: Fields = Fields {
    text: &[
        "name",
        "title",
        "fullText",
        "mimeType",
        "visibility",
        "shortcutDetails.targetId",
    ],
    time: &[
        "modifiedTime",
        "viewedByMeTime",
        "createdTime",
        "sharedWithMeTime",
        "modifiedDate",
    ],
    flag: &["trashed", "starred", "sharedWithMe"],
    number: &[],
    collection: &["parents", "owners", "writers", "readers", "labels"],
    map: &["properties", "appProperties"],
};

/// Those of shared drives.
pub(crate) const DRIVES: Fields = Fields {
    text: &["name", "orgUnitId", "originDomain"],
    time: &["createdTime"],
    flag: &["hidden"],
    number: &["memberCount", "organizerCount"],
    collection: &[],
    map: &[],
};

/// Reads a condition.
pub(crate) fn parse(text: &str, fields: &Fields) -> Result<Condition, Failure> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        fields,
    };
    parser
        .expression(0)
        .filter(|_| parser.lexer.is_at_end())
        .ok_or_else(|| Failure::invalid("q"))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    fields: &'a Fields,
}

impl Parser<'_> {
    fn expression(&mut self, depth: usize) -> Option<Condition> {
        let mut left = self.operand(depth)?;
        loop {
            if self.lexer.take_word("and") {
                left = Condition::And(Box::new(left), Box::new(self.operand(depth)?));
            } else if self.lexer.take_word("or") {
                left = Condition::Or(Box::new(left), Box::new(self.operand(depth)?));
            } else {
                return Some(left);
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Option<Condition> {
        if depth > MOST_DEPTH {
            return None;
        }
        if self.lexer.take_word("not") {
            return Some(Condition::Not(Box::new(self.operand(depth + 1)?)));
        }
        if self.lexer.take_symbol("(") {
            let inner = self.expression(depth + 1)?;
            return self.lexer.take_symbol(")").then_some(inner);
        }
        match self.lexer.next()? {
            Token::Text(value) => {
                let field = self
                    .lexer
                    .take_word("in")
                    .then(|| self.lexer.word())
                    .flatten()?;
                let field = known(self.fields.collection, &field)?;
                Some(Condition::Term(Term::In { value, field }))
            }
            Token::Word(field) => self.comparison(&field).map(Condition::Term),
            Token::Symbol(_) => None,
        }
    }

    fn comparison(&mut self, field: &str) -> Option<Term> {
        if let Some(field) = known(self.fields.map, field) {
            return self.has(field);
        }
        let operator = match self.lexer.next()? {
            Token::Symbol(symbol) => symbol.to_owned(),
            Token::Word(word) => word,
            Token::Text(_) => return None,
        };
        if let Some(field) = known(self.fields.text, field) {
            let test = match operator.as_str() {
                "contains" if field != "visibility" => TextTest::Contains,
                "=" if field != "fullText" => TextTest::Equal,
                "!=" if field != "fullText" => TextTest::Unequal,
                _ => return None,
            };
            let value = self.lexer.text()?;
            return Some(Term::Text { field, test, value });
        }
        if let Some(field) = known(self.fields.time, field) {
            let value = time(&self.lexer.text()?)?;
            return Some(Term::Time {
                field,
                test: Order::of(&operator)?,
                value,
            });
        }
        if let Some(field) = known(self.fields.flag, field) {
            let value = self.lexer.word()?.parse::<bool>().ok()?;
            return match operator.as_str() {
                "=" => Some(Term::Flag { field, value }),
                "!=" => Some(Term::Flag {
                    field,
                    value: !value,
                }),
                _ => None,
            };
        }
        let field = known(self.fields.number, field)?;
        let value = self.lexer.word()?.parse().ok()?;
        Some(Term::Number {
            field,
            test: Order::of(&operator)?,
            value,
        })
    }

    fn has(&mut self, field: &'static str) -> Option<Term> {
        let begins = self.lexer.take_word("has") && self.lexer.take_symbol("{");
        let key = (begins && self.lexer.take_word("key") && self.lexer.take_symbol("="))
            .then(|| self.lexer.text())
            .flatten()?;
        let goes_on = self.lexer.take_word("and") && self.lexer.take_word("value");
        let value = (goes_on && self.lexer.take_symbol("="))
            .then(|| self.lexer.text())
            .flatten()?;
        self.lexer
            .take_symbol("}")
            .then_some(Term::Has { field, key, value })
    }
}

fn known(fields: &'static [&'static str], field: &str) -> Option<&'static str> {
    fields.iter().copied().find(|known| *known == field)
}

/// A time in RFC 3339; UTC when it names no offset.
fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Ok(time) = text.parse::<NaiveDateTime>() {
        return Some(time.and_utc());
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The truth of a condition whose flags are `starred` (true) and `trashed` (false).
    fn truth(condition: &Condition) -> bool {
        match condition {
            Condition::And(one, other) => truth(one) && truth(other),
            Condition::Or(one, other) => truth(one) || truth(other),
            Condition::Not(inner) => !truth(inner),
            Condition::Term(Term::Flag { field, value }) => (*field == "starred") == *value,
            Condition::Term(_) => true,
        }
    }

    #[test]
    fn conditions_are_read_from_left_to_right() {
        for (text, expected) in [
            ("trashed = false", true),
            ("trashed=false", true),
            ("not trashed = false", false),
            ("starred = true or starred = true and trashed = true", false),
            (
                "starred = true or (starred = true and trashed = true)",
                true,
            ),
            ("'me' in owners and trashed = false", true),
            ("name contains 'it\\'s' and mimeType != 'a\\\\b'", true),
            (
                "modifiedTime > '2026-03-01T10:00:00' and createdTime <= '2026-03-01T10:00:00.5+02:00'",
                true,
            ),
            ("appProperties has { key='labeld' and value='x' }", true),
            ("trashed != true", true),
        ] {
            assert_eq!(truth(&parse(text, &FILES).unwrap()), expected, "{text}");
        }
        assert!(parse("memberCount = 0 and name contains 'x'", &DRIVES).is_ok());
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "",
            "trashed",
            "trashed = maybe",
            "name > 'x'",
            "id > 'x'",
            "name = x",
            "name = 'x",
            "(trashed = true",
            "trashed = true)",
            "'x' in nowhere",
            "and",
            "trashed = true trashed = true",
            "fullText = 'x'",
            "modifiedTime > 'yesterday'",
            "properties has {key='a'}",
            "memberCount = 0",
            "not",
        ] {
            let refused = parse(text, &FILES).unwrap_err();
            assert_eq!(
                (refused.reason.as_str(), refused.location.clone()),
                ("invalid", Some(("q".to_owned(), "parameter"))),
                "{text}"
            );
        }
        for nested in ["(".repeat(10_000), "not ".repeat(10_000)] {
            assert!(parse(&nested, &FILES).is_err());
        }
    }
}

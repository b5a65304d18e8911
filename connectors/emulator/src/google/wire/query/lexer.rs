//! The words of a condition.

/// A word of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, an operator in letters, or a number.
    Word(String),
    /// In single quotes, without them.
    Text(String),
    Symbol(&'static str),
}

/// The longest first where one begins as another does.
const SYMBOLS: &[&str] = &["<=", ">=", "!=", "=", "<", ">", "(", ")", "{", "}"];

pub(super) struct Lexer<'a> {
    rest: &'a str,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let (token, rest) = token(self.rest)?;
        self.rest = rest;
        Some(token)
    }

    /// Takes the next word if it is this one.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.take(|token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)))
    }

    /// Takes the next symbol if it is this one.
    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        self.take(|token| matches!(token, Token::Symbol(found) if *found == symbol))
    }

    pub(super) fn word(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    fn take(&mut self, is_it: impl Fn(&Token) -> bool) -> bool {
        match token(self.rest) {
            Some((token, rest)) if is_it(&token) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

fn token(text: &str) -> Option<(Token, &str)> {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('\'') {
        return quoted_text(quoted);
    }
    for symbol in SYMBOLS {
        if let Some(rest) = text.strip_prefix(symbol) {
            return Some((Token::Symbol(symbol), rest.trim_start()));
        }
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let end = text.find(|c| !is_of_word(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then(|| (Token::Word(word.to_owned()), rest.trim_start()))
}

/// A text up to its closing quote; `\'` and `\\` stand for themselves.
fn quoted_text(text: &str) -> Option<(Token, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => {
                let rest = text.get(at + 1..)?;
                return Some((Token::Text(value), rest.trim_start()));
            }
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

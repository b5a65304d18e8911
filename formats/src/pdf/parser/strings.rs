//! Names and strings (ISO 32000-2, 7.3.4 and 7.3.5).

use super::{Lexed, Parser};
use crate::pdf::characters::{hexadecimal, hexadecimal_digit, is_regular};

/// Bytes of the strings met most, to make room for at once.
const USUAL_STRING: usize = 40;

impl Parser<'_, '_> {
    pub(super) fn name(&mut self) -> Lexed<Vec<u8>> {
        self.at += 1;
        let raw = self.run(is_regular)?;
        if memchr::memchr(b'#', raw).is_none() {
            return Ok(raw.to_vec());
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte == b'#'
                && let [high, low, after @ ..] = after
                && let (Some(high), Some(low)) = (hexadecimal_digit(*high), hexadecimal_digit(*low))
            {
                name.push(high << 4 | low);
                rest = after;
            } else {
                name.push(byte);
            }
        }
        Ok(name)
    }

    pub(super) fn literal_string(&mut self) -> Lexed<Vec<u8>> {
        self.at += 1;
        let mut string = Vec::with_capacity(USUAL_STRING);
        let mut open = 1u32;
        loop {
            let byte = self.take()?;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(string);
                    }
                }
                b'\\' => {
                    string.extend(self.escape()?);
                    continue;
                }
                b'\r' => {
                    self.take_if(b'\n')?;
                    string.push(b'\n');
                    continue;
                }
                _ => {}
            }
            string.push(byte);
        }
    }

    /// What stands after a backslash; `None` for a line that goes on.
    fn escape(&mut self) -> Lexed<Option<u8>> {
        Ok(Some(match self.take()? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\n' => return Ok(None),
            b'\r' => {
                self.take_if(b'\n')?;
                return Ok(None);
            }
            first @ b'0'..=b'7' => {
                let mut code = u32::from(first - b'0');
                for _ in 0..2 {
                    let next = self.peek()?;
                    if !(b'0'..=b'7').contains(&next) {
                        break;
                    }
                    self.at += 1;
                    code = code << 3 | u32::from(next - b'0');
                }
                // High-order overflow is ignored (ISO 32000-2, 7.3.4.2).
                (code & 0xFF) as u8
            }
            other => other,
        }))
    }

    pub(super) fn hexadecimal_string(&mut self) -> Lexed<Vec<u8>> {
        self.at += 1;
        let rest = self.rest();
        let Some(length) = memchr::memchr(b'>', rest) else {
            self.at = self.bytes.len();
            return Err(self.end());
        };
        let string = hexadecimal(rest.get(..length).unwrap_or_default());
        self.at += length + 1;
        Ok(string)
    }
}

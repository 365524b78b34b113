//! The words of a pattern.

use std::borrow::Cow;

use super::PatternError;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// `[ ] ( ) , : . *` and the operators that are signs.
    Sign(&'static str),
    /// A keyword, an object type or a property.
    Word(&'a str),
    /// `'…'`, unescaped.
    Text(Cow<'a, str>),
    /// `b'…'`, `h'…'` or `t'…'`: the letter and what is between the quotes.
    Typed(u8, &'a str),
    Integer(i64),
    Float(f64),
    End,
}

/// Reads word after word.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// The signs; longer ones first.
const SIGNS: [&str; 17] =
    ["!=", "<>", "<=", ">=", "==", "[", "]", "(", ")", ",", ":", ".", "*", "=", "<", ">", "≠"];

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word and where it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'a>), PatternError> {
        self.blank()?;
        let from = self.at;
        let rest = self.text.get(from..).unwrap_or_default();
        let mut bytes = rest.bytes();
        let (first, second) = (bytes.next(), bytes.next());
        let token = match (first, second) {
            (None, _) => Token::End,
            (Some(b'\''), _) => self.quoted()?,
            (Some(letter @ (b'b' | b'h' | b't')), Some(b'\'')) => self.typed(letter)?,
            (Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'), _) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                let word = rest.find(|c| !plain(c)).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
                self.at += word.len();
                Token::Word(word)
            }
            (Some(b'0'..=b'9' | b'+' | b'-'), _) | (Some(b'.'), Some(b'0'..=b'9')) => self.number(rest)?,
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(sign)
                }
                None => return Err(wrong(from, "a character that has no meaning in a pattern")),
            },
        };
        Ok((from, token))
    }

    /// Passes blanks and comments (`/* … */` and `// …`).
    fn blank(&mut self) -> Result<(), PatternError> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(wrong(self.at, "a comment without end"));
                };
                self.at += end + 4;
            } else if trimmed.starts_with("//") {
                self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else {
                return Ok(());
            }
        }
    }

    /// A text. A backslash before anything but a quote or a backslash stands for itself.
    fn quoted(&mut self) -> Result<Token<'a>, PatternError> {
        let from = self.at + 1;
        let inner = self.text.get(from..).unwrap_or_default();
        let mut text = Cow::Borrowed("");
        let mut kept = 0;
        let mut at = 0;
        while let Some(found) = memchr::memchr2(b'\'', b'\\', inner.as_bytes().get(at..).unwrap_or_default())
        {
            let mark = at + found;
            if inner.as_bytes().get(mark) == Some(&b'\'') {
                self.at = from + mark + 1;
                let last = inner.get(kept..mark).unwrap_or_default();
                return Ok(Token::Text(if kept == 0 { Cow::Borrowed(last) } else { text + last }));
            }
            match inner.as_bytes().get(mark + 1) {
                Some(b'\'' | b'\\') => {
                    text += inner.get(kept..mark).unwrap_or_default();
                    text += inner.get(mark + 1..mark + 2).unwrap_or_default();
                    kept = mark + 2;
                    at = mark + 2;
                }
                _ => at = mark + 1,
            }
        }
        Err(wrong(self.at, "a text without end"))
    }

    fn typed(&mut self, letter: u8) -> Result<Token<'a>, PatternError> {
        let inner = self.text.get(self.at + 2..).unwrap_or_default();
        let Some(end) = inner.find('\'') else { return Err(wrong(self.at, "a constant without end")) };
        let value = inner.get(..end).unwrap_or_default();
        let valid = match letter {
            b'h' => value.len().is_multiple_of(2) && value.bytes().all(|b| b.is_ascii_hexdigit()),
            b'b' => value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')),
            _ => rempart_model::Timestamp::parse(value).is_ok(),
        };
        if !valid {
            let reason = match letter {
                b'h' => "a constant that is not hexadecimal",
                b'b' => "a constant that is not base 64",
                _ => "a constant that is not a date and time between the years 0001 and 9999",
            };
            return Err(wrong(self.at, reason));
        }
        self.at += end + 3;
        Ok(Token::Typed(letter, value))
    }

    fn number(&mut self, rest: &str) -> Result<Token<'a>, PatternError> {
        let from = self.at;
        let sign = usize::from(rest.starts_with(['+', '-']));
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest.get(sign..).unwrap_or_default());
        let after = rest.get(sign + whole..).unwrap_or_default();
        let fraction = after.strip_prefix('.').map(digits).filter(|count| *count > 0);
        let length = sign + whole + fraction.map_or(0, |count| count + 1);
        let text = rest.get(..length).unwrap_or_default();
        self.at += length;
        if fraction.is_some() {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            return number.map(Token::Float).ok_or_else(|| wrong(from, "a number that is too large"));
        }
        if whole == 0 {
            return Err(wrong(from, "a sign without a number"));
        }
        text.parse().map(Token::Integer).map_err(|_| wrong(from, "a number that is too large"))
    }
}

pub(super) fn wrong(offset: usize, reason: impl Into<Box<str>>) -> PatternError {
    PatternError { offset, reason: reason.into() }
}

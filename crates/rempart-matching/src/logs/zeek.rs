//! The tables of Zeek: a line for each record, headings that begin with `#`, also in the middle of a file.

use std::sync::Arc;

use super::{Bad, Field, Written, line_end, unmarked, without_end};

/// What the headings said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    separator: u8,
    set_separator: u8,
    unset: Vec<u8>,
    empty: Vec<u8>,
    names: Vec<Vec<u8>>,
    /// Of each column, whether its fields are sets or vectors.
    holds_many: Vec<bool>,
}

impl Default for Header {
    /// What Zeek writes unless it is told otherwise.
    fn default() -> Self {
        Self {
            separator: b'\t',
            set_separator: b',',
            unset: b"-".to_vec(),
            empty: b"(empty)".to_vec(),
            names: Vec::new(),
            holds_many: Vec::new(),
        }
    }
}

/// Goes past lines, taking the headings among them over.
pub(super) fn pass(header: &mut Arc<Header>, text: &[u8]) {
    let mut heading = |from: usize| {
        let line = text.get(from..line_end(text, from)).unwrap_or_default();
        Arc::make_mut(header).line(line);
    };
    if unmarked(text).starts_with(b"#") {
        heading(0);
    }
    memchr::memmem::find_iter(text, b"\n#").for_each(|at| heading(at + 1));
}

impl Header {
    /// Takes a line over that begins with `#`; whether it is one of Zeek's.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        let line = line.get(..without_end(line)).unwrap_or_default();
        let line = unmarked(line).strip_prefix(b"#").unwrap_or_default();
        // The line that says what the separator is cannot use it.
        if let Some(separator) = line.strip_prefix(b"separator ") {
            // A log begins anew.
            *self = Self::default();
            self.separator = decoded(separator).first().copied().unwrap_or(self.separator);
            return true;
        }
        let mut parts = line.split(|byte| *byte == self.separator);
        let name = parts.next().unwrap_or_default();
        match name {
            b"set_separator" => {
                let value = parts.next().and_then(|value| decoded(value).first().copied());
                self.set_separator = value.unwrap_or(self.set_separator);
            }
            b"empty_field" => self.empty = parts.next().unwrap_or_default().to_vec(),
            b"unset_field" => self.unset = parts.next().unwrap_or_default().to_vec(),
            b"fields" => {
                self.names = parts.map(decoded).collect();
                self.holds_many.clear();
            }
            b"types" => {
                let holds_many = |kind: &[u8]| kind.starts_with(b"set[") || kind.starts_with(b"vector[");
                self.holds_many = parts.map(holds_many).collect();
            }
            b"path" | b"open" | b"close" => {}
            _ => return false,
        }
        true
    }

    /// Gives the fields of a line; what is unset or empty is none.
    pub(super) fn fields(&self, record: &[u8], each: &mut impl FnMut(Field<'_>)) -> Result<(), Bad> {
        if self.names.is_empty() {
            return Err(Bad::Headless);
        }
        let end = without_end(record);
        let (mut from, mut count) = (0, 0);
        loop {
            let rest = record.get(from..end).unwrap_or_default();
            let length = memchr::memchr(self.separator, rest);
            let field = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
            if let Some(name) = self.names.get(count)
                && field != self.unset
                && field != self.empty
            {
                if self.holds_many.get(count) == Some(&true) {
                    let mut at = from;
                    for part in field.split(|byte| *byte == self.set_separator) {
                        if part != self.unset && part != self.empty {
                            each(self::field(at, part, name));
                        }
                        at += part.len() + 1;
                    }
                } else {
                    each(self::field(from, field, name));
                }
            }
            count += 1;
            match length {
                Some(length) => from += length + 1,
                None => break,
            }
        }
        if count != self.names.len() {
            return Err(Bad::Count { found: count, named: self.names.len() });
        }
        Ok(())
    }
}

fn field<'c>(from: usize, raw: &[u8], column: &'c [u8]) -> Field<'c> {
    let is_plain = memchr::memchr(b'\\', raw).is_none();
    let written = if is_plain { Written::Plainly } else { Written::Zeek };
    Field { range: from..from + raw.len(), column, written }
}

fn decoded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Written::Zeek.decode(raw, &mut out);
    out
}

//! CSV (RFC 4180): quotation marks around fields, also over several lines; the first record names the columns.

use std::sync::Arc;

use super::{Bad, Field, LONGEST_RECORD, Written, line_end, unmarked, without_end};

/// What is known of a table.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    separator: Option<u8>,
    names: Option<Arc<[Vec<u8>]>>,
}

/// What may separate fields.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Where a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At(usize),
    /// Behind what is there.
    Beyond,
    /// Nowhere: its quotation marks do not fit.
    Never,
}

impl Heading {
    pub(super) fn new(separator: Option<u8>) -> Self {
        Self { separator, names: None }
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.names.is_none()
    }

    /// The separator: the one that was named, or the one that stands most often in the first line.
    fn separator(&self, text: &[u8], from: usize) -> u8 {
        self.separator.unwrap_or_else(|| told(text.get(from..line_end(text, from)).unwrap_or_default()))
    }

    /// The end of the last record that is whole, whatever may come behind the text.
    pub(super) fn cut(&self, text: &[u8]) -> usize {
        if memchr::memchr(b'"', text).is_none() {
            return memchr::memrchr(b'\n', text).map_or(0, |last| last + 1);
        }
        let (mut cut, mut separator) = (0, self.separator);
        while cut < text.len() {
            let line = line_end(text, cut);
            let rest = text.get(cut..).unwrap_or_default();
            // The separator of a blank line tells nothing.
            let is_blank = without_end(rest.get(..line - cut).unwrap_or_default()) == 0;
            let by = separator.unwrap_or_else(|| self.separator(text, cut));
            let next = match end(text, cut, by) {
                End::At(end) => end,
                End::Never => line,
                End::Beyond => return cut,
            };
            if text.get(..next).is_none_or(|text| !text.ends_with(b"\n")) {
                return cut;
            }
            cut = next;
            if !is_blank {
                separator = Some(by);
            }
        }
        cut
    }

    pub(super) fn pass(&mut self, text: &[u8]) {
        let mut from = 0;
        while self.is_awaited() && from < text.len() {
            let (end, _) = self.end(text, from);
            let record = text.get(from..end).unwrap_or_default();
            if without_end(record) > 0 {
                self.take(record);
            }
            from = end;
        }
    }

    /// The end of the record that begins here, in a text that ends with a record.
    pub(super) fn end(&self, text: &[u8], from: usize) -> (usize, Result<(), Bad>) {
        match end(text, from, self.separator(text, from)) {
            End::At(end) => (end, Ok(())),
            End::Beyond | End::Never => (line_end(text, from), Err(Bad::Quotes)),
        }
    }

    /// Takes the names of the columns from a record.
    pub(super) fn take(&mut self, record: &[u8]) {
        let separator = self.separator(record, 0);
        let mut names = Vec::new();
        let text = unmarked(record);
        // A heading that is not well formed names what it names.
        let _ = fields(text, separator, |range, written| {
            let mut name = Vec::new();
            written.decode(text.get(range).unwrap_or_default(), &mut name);
            names.push(name.trim_ascii().to_vec());
        });
        self.separator = Some(separator);
        self.names = Some(names.into());
    }

    /// Gives the fields of a record.
    pub(super) fn fields(&self, record: &[u8], each: &mut impl FnMut(Field<'_>)) -> Result<(), Bad> {
        let names = self.names.as_deref().unwrap_or_default();
        let mut count = 0;
        fields(record, self.separator(record, 0), |range, written| {
            if let Some(column) = names.get(count)
                && !range.is_empty()
            {
                each(Field { range, column, written });
            }
            count += 1;
        })?;
        if count != names.len() {
            return Err(Bad::Count { found: count, named: names.len() });
        }
        Ok(())
    }
}

/// The separator that stands most often in a line, outside quotation marks.
fn told(line: &[u8]) -> u8 {
    let mut counts = [0_usize; SEPARATORS.len()];
    let mut is_quoted = false;
    for byte in line {
        is_quoted ^= *byte == b'"';
        if let Some(place) = SEPARATORS.iter().position(|separator| separator == byte)
            && !is_quoted
            && let Some(count) = counts.get_mut(place)
        {
            *count += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().zip(SEPARATORS).find(|(count, _)| **count == most).map_or(b',', |(_, separator)| separator)
}

/// Where the record ends that begins at a place. A quotation mark opens a field only at its beginning.
fn end(text: &[u8], from: usize, separator: u8) -> End {
    let line = line_end(text, from);
    if memchr::memchr(b'"', text.get(from..line).unwrap_or_default()).is_none() {
        return End::At(line);
    }
    let mut at = from + (text.len() - from - unmarked(text.get(from..).unwrap_or_default()).len());
    loop {
        if text.get(at) == Some(&b'"') {
            at = match closing(text, at + 1, from.saturating_add(LONGEST_RECORD)) {
                Ok(closing) => closing + 1,
                Err(end) => return end,
            };
            match text.get(at) {
                Some(b'\n') => return End::At(at + 1),
                Some(b'\r') if matches!(text.get(at + 1), None | Some(b'\n')) => {
                    return End::At(text.len().min(at + 2));
                }
                None => return End::At(at),
                Some(byte) if *byte == separator => at += 1,
                Some(_) => return End::Never,
            }
        } else {
            let rest = text.get(at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(separator, b'\n', rest) else { return End::At(text.len()) };
            at += length + 1;
            if rest.get(length) == Some(&b'\n') {
                return End::At(at);
            }
        }
    }
}

/// The quotation mark that closes a field, looked for from a place on.
fn closing(text: &[u8], mut at: usize, most: usize) -> Result<usize, End> {
    loop {
        let within = text.get(at..text.len().min(most)).unwrap_or_default();
        let Some(length) = memchr::memchr(b'"', within) else {
            return Err(if text.len() >= most { End::Never } else { End::Beyond });
        };
        at += length;
        if text.get(at + 1) != Some(&b'"') {
            return Ok(at);
        }
        at += 2;
    }
}

/// Gives the place of each field of one record.
fn fields(
    record: &[u8],
    separator: u8,
    mut each: impl FnMut(std::ops::Range<usize>, Written),
) -> Result<(), Bad> {
    let end = without_end(record);
    let text = record.get(..end).unwrap_or_default();
    let mut at = end - unmarked(text).len();
    loop {
        if text.get(at) == Some(&b'"') {
            let closing = closing(text, at + 1, usize::MAX).map_err(|_| Bad::Quotes)?;
            let inside = text.get(at + 1..closing).unwrap_or_default();
            let is_plain = memchr::memchr(b'"', inside).is_none();
            each(at + 1..closing, if is_plain { Written::Plainly } else { Written::Csv });
            at = closing + 1;
        } else {
            let rest = text.get(at..).unwrap_or_default();
            let length = memchr::memchr(separator, rest).unwrap_or(rest.len());
            each(at..at + length, Written::Plainly);
            at += length;
        }
        match text.get(at) {
            None => return Ok(()),
            Some(byte) if *byte == separator => at += 1,
            Some(_) => return Err(Bad::Quotes),
        }
    }
}

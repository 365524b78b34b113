//! Finds where a JSON value ends, chunk by chunk.

/// The state of a scan between chunks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    /// How many arrays and objects are open.
    depth: usize,
    /// One bit for each of the outermost 64 of them: an array.
    arrays: u64,
    deepest: usize,
    /// The last byte outside strings that is no blank; `0` for digits and words, `"` for strings.
    last: u8,
    in_string: bool,
    /// A backslash was the last byte of the chunk before.
    escaped: bool,
    /// Where the last string begins; `None` where that is gone.
    string: Option<usize>,
    unbalanced: bool,
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The value goes on.
    More,
    /// The value ends before `end`.
    End {
        /// Where.
        end: usize,
        /// Whether every bracket is closed by its like.
        balanced: bool,
    },
    /// This is no JSON.
    Broken {
        /// Where it shows.
        at: usize,
        /// Where the string begins that may have swallowed the next record.
        string: Option<usize>,
    },
}

impl Scan {
    /// Goes on at `at` in `bytes`.
    pub(super) fn run(&mut self, bytes: &[u8], mut at: usize) -> Found {
        if self.escaped {
            self.escaped = false;
            at += 1;
        }
        loop {
            if self.in_string {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else { return Found::More };
                at += found;
                match bytes.get(at) {
                    Some(b'"') => {
                        self.in_string = false;
                        self.last = b'"';
                        at += 1;
                        if self.depth == 0 {
                            return Found::End { end: at, balanced: true };
                        }
                    }
                    Some(b'\\') => {
                        at += 2;
                        if at > bytes.len() {
                            self.escaped = true;
                            return Found::More;
                        }
                    }
                    // A line break cannot be inside a string: a quote is missing.
                    _ => return Found::Broken { at, string: self.string },
                }
                continue;
            }
            let Some(&byte) = bytes.get(at) else { return Found::More };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {
                    if self.is_scalar() {
                        return Found::End { end: at, balanced: true };
                    }
                }
                b'"' => {
                    if self.last == b'"' {
                        return Found::Broken { at, string: self.string };
                    }
                    if self.is_scalar() {
                        return Found::End { end: at, balanced: true };
                    }
                    self.in_string = true;
                    self.string = Some(at);
                }
                b'{' | b'[' => {
                    if self.is_scalar() {
                        return Found::End { end: at, balanced: true };
                    }
                    let fits = match self.array() {
                        Some(true) => matches!(self.last, b'[' | b','),
                        Some(false) => self.last == b':',
                        None => true,
                    };
                    if !fits {
                        let swallowed = byte == b'[' && self.last == b'"';
                        return Found::Broken { at, string: self.string.filter(|_| swallowed) };
                    }
                    if self.depth < 64 {
                        let bit = 1 << self.depth;
                        self.arrays = if byte == b'[' { self.arrays | bit } else { self.arrays & !bit };
                    }
                    self.depth += 1;
                    self.deepest = self.deepest.max(self.depth);
                    self.last = byte;
                }
                b'}' | b']' => {
                    if !self.close(byte == b']') {
                        // It closes what is around the value.
                        let balanced = !self.unbalanced;
                        return Found::End { end: at, balanced };
                    }
                    self.last = byte;
                    if self.depth == 0 {
                        return Found::End { end: at + 1, balanced: !self.unbalanced };
                    }
                }
                b',' | b':' => {
                    if self.depth == 0 {
                        return Found::End { end: at, balanced: true };
                    }
                    self.last = byte;
                }
                _ => {
                    if self.last == b'"' {
                        return Found::Broken { at, string: self.string };
                    }
                    self.last = b'0';
                }
            }
            at += 1;
        }
    }

    /// Tells the scan that `count` bytes before the next chunk are gone.
    pub(super) fn moved(&mut self, count: usize) {
        self.string = self.string.and_then(|string| string.checked_sub(count));
    }

    /// Where the string begins to which one may have to go back.
    pub(super) fn string(&self) -> Option<usize> {
        self.string.filter(|_| self.in_string || self.last == b'"')
    }

    /// The deepest nesting so far.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Whether the value is a number or a word, which ends where something else begins.
    pub(super) fn is_scalar(&self) -> bool {
        self.depth == 0 && self.last == b'0'
    }

    /// Whether the innermost open bracket is an array's; `None` where nothing is open, or too much.
    fn array(&self) -> Option<bool> {
        match self.depth {
            1..=64 => Some(self.arrays >> (self.depth - 1) & 1 == 1),
            _ => None,
        }
    }

    /// Closes the innermost array or object, and what is open inside it. `false`: there is none.
    fn close(&mut self, array: bool) -> bool {
        if self.depth > 64 {
            self.depth -= 1;
            return true;
        }
        let mut depth = self.depth;
        while depth > 0 {
            if (self.arrays >> (depth - 1) & 1 == 1) == array {
                self.unbalanced |= depth != self.depth;
                self.depth = depth - 1;
                return true;
            }
            depth -= 1;
        }
        self.unbalanced |= self.depth > 0;
        false
    }
}

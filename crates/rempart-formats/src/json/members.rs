//! The members of one JSON object: checked in one pass, borrowed, never a tree.

use std::borrow::Cow;
use std::collections::HashSet;

/// Why a text is not a JSON object that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is some other JSON value, or no JSON.
    #[error("is not a JSON object")]
    NotAnObject,
    /// It is not JSON (RFC 8259).
    #[error("is not valid JSON at byte {at}: {what}")]
    Syntax {
        /// Where, from the beginning of the record.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A name occurs twice in one object; readers differ in which value they take (RFC 7493, section 2.3).
    #[error("has the key {key:?} twice in one object; which of the two counts is anybody's guess")]
    Duplicate {
        /// The name, shortened.
        key: Box<str>,
    },
    /// Arrays and objects are nested too deeply.
    #[error("is nested deeper than {most} levels")]
    Depth {
        /// The bound.
        most: usize,
    },
}

/// An object of more members than this is checked for duplicates with a hash set.
const FEW: usize = 24;

/// The members of an object, in their order. Names are unescaped; values are the JSON text.
#[derive(Debug, Clone, Default)]
pub struct Members<'a> {
    list: Vec<Member<'a>>,
}

/// A name, its tag, and the JSON text of the value.
#[derive(Debug, Clone)]
struct Member<'a> {
    tag: u16,
    name: Cow<'a, str>,
    value: &'a str,
}

/// What tells most names apart without looking at the whole of them: length and last letter (the
/// names of STIX differ more at the end).
fn tag(name: &str) -> u16 {
    let last = name.as_bytes().last().copied().unwrap_or_default();
    (name.len() as u16) << 8 | u16::from(last)
}

impl<'a> Members<'a> {
    /// Checks the whole of `text` and lists its members. Names must be unique in every object inside.
    ///
    /// # Errors
    /// Where `text` is no JSON object, has a name twice, or is nested deeper than `depth`.
    pub fn parse(text: &'a str, depth: usize) -> Result<Self, JsonError> {
        Checker {
            text,
            bytes: text.as_bytes(),
            at: 0,
            keys: Vec::new(),
            frames: Vec::new(),
            list: Vec::new(),
        }
        .run(depth)
        .map(|list| Self { list })
    }

    /// The JSON text of the member of that name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let tag = tag(name);
        self.list.iter().find(|member| member.tag == tag && member.name == name).map(|member| member.value)
    }

    /// The member of that name, where it is a string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.list.iter().map(|member| (member.name.as_ref(), member.value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// The text of a JSON string; `None` for every other value.
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// The elements of a JSON array that was checked before; nothing for every other value.
pub fn elements(json: &str) -> Elements<'_> {
    let inner = json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    Elements { rest: inner }
}

/// The strings of a JSON array that was checked before; what is no string is left out.
pub fn texts(json: &str) -> impl Iterator<Item = Cow<'_, str>> {
    elements(json).filter_map(text)
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        let mut open = 0usize;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at + 1),
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                b',' if open == 0 => break,
                _ => {}
            }
            at += 1;
        }
        let element = self.rest.get(..at).unwrap_or(self.rest);
        self.rest = self.rest.get(at..).unwrap_or_default();
        Some(element.trim_end_matches([' ', '\t', '\n', '\r']))
    }
}

/// Where the closing quote of a string stands whose content begins at `from`.
fn string_end(bytes: &[u8], mut from: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(from..).unwrap_or_default()) {
        let at = from + found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        from = at + 2;
    }
    bytes.len()
}

/// Where an object or array begins in the list of names of the open objects; arrays have none.
enum Frame {
    Object { names: usize },
    Array,
}

struct Checker<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The names of all open objects.
    keys: Vec<Cow<'a, str>>,
    frames: Vec<Frame>,
    list: Vec<Member<'a>>,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    CommaOrEnd,
}

impl<'a> Checker<'a> {
    fn run(mut self, depth: usize) -> Result<Vec<Member<'a>>, JsonError> {
        self.space();
        if self.peek() != Some(b'{') {
            return Err(JsonError::NotAnObject);
        }
        self.keys.reserve(24);
        self.list.reserve(20);
        let mut next = Next::Value;
        let mut begun = 0;
        loop {
            self.space();
            let Some(byte) = self.peek() else { return Err(self.wrong("it ends too early")) };
            next = match (next, byte) {
                (Next::Value | Next::ValueOrEnd, b'{') => {
                    self.open(depth, true)?;
                    Next::NameOrEnd
                }
                (Next::Value | Next::ValueOrEnd, b'[') => {
                    self.open(depth, false)?;
                    Next::ValueOrEnd
                }
                (Next::NameOrEnd, b'}') | (Next::ValueOrEnd, b']') | (Next::CommaOrEnd, b'}' | b']') => {
                    let fits = match self.frames.last() {
                        Some(Frame::Object { .. }) => byte == b'}',
                        _ => byte == b']',
                    };
                    if !fits {
                        return Err(self.wrong("a bracket closes what another one opened"));
                    }
                    self.at += 1;
                    if let Some(Frame::Object { names }) = self.frames.pop() {
                        if self.frames.is_empty() {
                            self.space();
                            return match self.peek() {
                                None => {
                                    distinct(self.list.iter().map(|member| member.name.as_ref()))?;
                                    Ok(self.list)
                                }
                                Some(_) => Err(self.wrong("something follows the object")),
                            };
                        }
                        self.unique(names)?;
                        self.keys.truncate(names);
                    }
                    self.ended(begun);
                    Next::CommaOrEnd
                }
                (Next::Value | Next::ValueOrEnd, _) => {
                    self.scalar(byte)?;
                    self.ended(begun);
                    Next::CommaOrEnd
                }
                (Next::CommaOrEnd, b',') => {
                    self.at += 1;
                    match self.frames.last() {
                        Some(Frame::Object { .. }) => Next::Name,
                        _ => Next::Value,
                    }
                }
                (Next::Name | Next::NameOrEnd, b'"') => {
                    let key = self.name()?;
                    self.space();
                    if self.peek() != Some(b':') {
                        return Err(self.wrong("a colon is missing after a name"));
                    }
                    self.at += 1;
                    self.space();
                    self.check_new(&key)?;
                    if self.frames.len() == 1 {
                        begun = self.at;
                        self.list.push(Member { tag: tag(&key), name: key, value: "" });
                    } else {
                        self.keys.push(key);
                    }
                    Next::Value
                }
                (Next::CommaOrEnd, _) => return Err(self.wrong("a comma or a closing bracket is missing")),
                (Next::Name | Next::NameOrEnd, _) => return Err(self.wrong("a name in quotes is missing")),
            };
        }
    }

    /// A value is complete: where it is a member of the outermost object, its text is known now.
    fn ended(&mut self, begun: usize) {
        if self.frames.len() == 1
            && let (Some(last), Some(value)) = (self.list.last_mut(), self.text.get(begun..self.at))
        {
            last.value = value;
        }
    }

    fn open(&mut self, depth: usize, object: bool) -> Result<(), JsonError> {
        if self.frames.len() >= depth {
            return Err(JsonError::Depth { most: depth });
        }
        self.frames.push(if object { Frame::Object { names: self.keys.len() } } else { Frame::Array });
        self.at += 1;
        Ok(())
    }

    /// Compares a name with those before it, where they are few; many are compared at the end.
    fn check_new(&self, key: &str) -> Result<(), JsonError> {
        let twice = if self.frames.len() == 1 {
            let tag = tag(key);
            self.list.len() <= FEW && self.list.iter().any(|member| member.tag == tag && member.name == key)
        } else {
            let names = match self.frames.last() {
                Some(Frame::Object { names }) => self.keys.get(*names..).unwrap_or_default(),
                _ => &[],
            };
            names.len() <= FEW && names.iter().any(|known| known == key)
        };
        if twice { Err(duplicate(key)) } else { Ok(()) }
    }

    fn unique(&self, names: usize) -> Result<(), JsonError> {
        distinct(self.keys.get(names..).unwrap_or_default().iter().map(AsRef::as_ref))
    }

    fn name(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let from = self.at;
        let escaped = self.string()?;
        let json = self.text.get(from..self.at).unwrap_or_default();
        match json.get(1..json.len().saturating_sub(1)) {
            Some(name) if !escaped => Ok(Cow::Borrowed(name)),
            _ => text(json).ok_or_else(|| self.wrong("a name cannot be read")),
        }
    }

    fn scalar(&mut self, byte: u8) -> Result<(), JsonError> {
        match byte {
            b'"' => self.string().map(drop),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        if self.bytes.get(self.at..self.at + word.len()) != Some(word.as_bytes()) {
            return Err(self.wrong("a word that is neither true, false nor null"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.wrong("a number without digits")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { Err(self.wrong("a number without digits")) } else { Ok(()) }
    }

    /// Moves behind a string; says whether it has escapes.
    fn string(&mut self) -> Result<bool, JsonError> {
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            at += plain(self.bytes.get(at..).unwrap_or_default());
            match self.bytes.get(at).copied() {
                None => return Err(self.wrong("a string without end")),
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at = at;
                    at = self.escape(at)?;
                }
                Some(0..=0x1f) => {
                    self.at = at;
                    return Err(self.wrong("a control character in a string"));
                }
                Some(_) => at += 1,
            }
        }
    }

    /// Checks the escape at `at`; gives where it ends. Half a surrogate pair is no character.
    fn escape(&self, at: usize) -> Result<usize, JsonError> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                let half = "an escape that is half of a character";
                match self.hex(at + 2)? {
                    0xdc00..=0xdfff => Err(self.wrong(half)),
                    0xd800..=0xdbff => {
                        if self.bytes.get(at + 6..at + 8) != Some(b"\\u") {
                            return Err(self.wrong(half));
                        }
                        match self.hex(at + 8)? {
                            0xdc00..=0xdfff => Ok(at + 12),
                            _ => Err(self.wrong(half)),
                        }
                    }
                    _ => Ok(at + 6),
                }
            }
            _ => Err(self.wrong("an unknown escape in a string")),
        }
    }

    fn hex(&self, at: usize) -> Result<u32, JsonError> {
        let digits = self.bytes.get(at..at + 4).unwrap_or_default();
        if digits.len() < 4 {
            return Err(self.wrong("an escape without its four digits"));
        }
        digits.iter().try_fold(0, |sum, byte| match char::from(*byte).to_digit(16) {
            Some(digit) => Ok(sum * 16 + digit),
            None => Err(self.wrong("an escape without its four digits")),
        })
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn wrong(&self, what: &'static str) -> JsonError {
        JsonError::Syntax { at: self.at, what }
    }
}

/// How many bytes at the beginning certainly belong to a string and need no second look, in steps
/// of eight: neither quote, nor backslash, nor control character.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut count = 0;
    for chunk in bytes.as_chunks::<8>().0 {
        let word = u64::from_ne_bytes(*chunk);
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let backslash = zero(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        if quote | backslash | control != 0 {
            break;
        }
        count += 8;
    }
    count
}

fn duplicate(key: &str) -> JsonError {
    JsonError::Duplicate { key: key.chars().take(40).collect::<String>().into() }
}

fn distinct<'k>(names: impl ExactSizeIterator<Item = &'k str>) -> Result<(), JsonError> {
    if names.len() <= FEW {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(names.len());
    for name in names {
        if !seen.insert(name) {
            return Err(duplicate(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &str) -> Result<Vec<String>, JsonError> {
        Members::parse(text, 8)
            .map(|members| members.iter().map(|(key, value)| format!("{key}={value}")).collect())
    }

    #[test]
    fn members_are_listed_with_their_text() {
        let text = r#" {"a" : [1, {"b":"]}"}] , "c\u0041":"x\"y", "d":{}, "e":-1.5e+3 } "#;
        assert_eq!(keys(text).unwrap(), ["a=[1, {\"b\":\"]}\"}]", "cA=\"x\\\"y\"", "d={}", "e=-1.5e+3"]);
        let members = Members::parse(text, 8).unwrap();
        assert_eq!(members.text("cA").as_deref(), Some("x\"y"));
        let list = elements(members.get("a").unwrap()).collect::<Vec<_>>();
        assert_eq!(list, ["1", "{\"b\":\"]}\"}"]);
    }

    #[test]
    fn a_name_twice_in_one_object_is_refused_wherever_it_is() {
        let many: String = (0..100).map(|n| format!("\"k{n}\":1,")).collect();
        for text in [
            r#"{"a":1,"a":2}"#.to_owned(),
            r#"{"a":1,"\u0061":2}"#.to_owned(),
            r#"{"x":[{"a":1,"b":{"a":1},"a":2}]}"#.to_owned(),
            format!("{{{many}\"k7\":2}}"),
            format!("{{\"in\":{{{many}\"k99\":2}}}}"),
        ] {
            assert!(matches!(keys(&text), Err(JsonError::Duplicate { .. })), "{text}");
        }
        assert!(keys(&format!("{{{many}\"last\":[{{\"k1\":2}},{{\"k1\":3}}]}}")).is_ok());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, at) in [
            (r#"{"a":1"#, 6),
            (r#"{"a":1,}"#, 7),
            (r#"{"a":[1,]}"#, 8),
            (r#"{"a":[1}"#, 7),
            (r#"{"a" 1}"#, 5),
            (r#"{"a":01}"#, 6),
            (r#"{"a":NaN}"#, 5),
            (r#"{"a":"\x"}"#, 6),
            (r#"{"a":"\ud800"}"#, 6),
            ("{\"a\":\"\n\"}", 6),
            (r#"{"a":1} x"#, 8),
        ] {
            match keys(text) {
                Err(JsonError::Syntax { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(keys("[1]"), Err(JsonError::NotAnObject));
        assert_eq!(keys(r#"{"a":[[[[[[[[1]]]]]]]]}"#), Err(JsonError::Depth { most: 8 }));
    }

    /// JSON-like text: valid pieces, sometimes one put wrong.
    fn json_like() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                Just("{"),
                Just("}"),
                Just("["),
                Just("]"),
                Just(","),
                Just(":"),
                Just("\"a\""),
                Just("\"b\""),
                Just("1"),
                Just("-0.5e1"),
                Just("true"),
                Just("null"),
                Just(" "),
                Just("\"\\n\""),
                Just("\"é\""),
                Just("\"a\":1"),
                Just("\"b\":[]"),
                Just("\"c\":{}"),
            ],
            0..12,
        )
        .prop_map(|parts| format!("{{{}}}", parts.concat()))
    }

    proptest! {
        #[test]
        fn accepts_what_another_reader_accepts(text in json_like()) {
            let ours = Members::parse(&text, 64);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match ours {
                Ok(members) => {
                    let theirs = theirs.unwrap();
                    prop_assert_eq!(members.len(), theirs.as_object().unwrap().len());
                    for (key, value) in members.iter() {
                        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(value).unwrap(), &theirs[key]);
                    }
                }
                // A name that comes twice is seen before what is wrong after it.
                Err(JsonError::Duplicate { .. }) => {}
                Err(_) => prop_assert!(theirs.is_err(), "{}", text),
            }
        }

        #[test]
        fn never_panics(text: String) {
            let _ = Members::parse(&text, 64);
            let _ = elements(&text).count();
        }
    }
}

//! What stands around a token, and whether the token is whole.

/// Most bytes that a mark such as `\[dot\]` has.
const LONGEST_MARK: usize = 8;

/// The byte at a place.
#[inline]
pub(super) fn byte(text: &[u8], at: usize) -> Option<u8> {
    text.get(at).copied()
}

/// The byte before a place.
#[inline]
pub(super) fn before(text: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|at| byte(text, at))
}

/// Whether a byte of ASCII may stand in a name.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Whether text ends at a byte: white space, control characters, quotation marks, angle brackets.
pub(super) fn is_hard(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7f)
}

/// The byte that an escape stands for that begins here.
pub(super) fn escape(text: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = text.get(at..)?.first_chunk::<3>()? else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// Whether a decoded byte would go on with a name.
pub(super) fn goes_on(byte: u8) -> bool {
    is_name(byte) || byte >= 0x80
}

/// A mark by which somebody defanged a text: how long it is, and what it stands for.
pub(super) fn mark(text: &[u8], at: usize) -> Option<(usize, &'static [u8])> {
    let rest = text.get(at..)?;
    let rest = rest.get(..rest.len().min(LONGEST_MARK + 2)).unwrap_or(rest);
    let escaped = usize::from(rest.first() == Some(&b'\\'));
    if escaped == 1 {
        match rest.get(1) {
            Some(b'.') => return Some((2, b".")),
            Some(b'/') => return Some((2, b"/")),
            _ => {}
        }
    }
    if !matches!(rest.get(escaped)?, b'[' | b'(' | b'{') {
        return None;
    }
    let inside = rest.get(escaped + 1..)?;
    const MARKS: [(&[u8], &[u8]); 7] = [
        (b".", b"."),
        (b"dot", b"."),
        (b"@", b"@"),
        (b"at", b"@"),
        (b"://", b"://"),
        (b":", b":"),
        (b"/", b"/"),
    ];
    for (name, meant) in MARKS {
        let Some(head) = inside.get(..name.len()) else { continue };
        if !head.eq_ignore_ascii_case(name) {
            continue;
        }
        let after = inside.get(name.len()..)?;
        let slash = usize::from(after.first() == Some(&b'\\'));
        if matches!(after.get(slash), Some(b']' | b')' | b'}')) {
            return Some((escaped + 1 + name.len() + slash + 1, meant));
        }
        // `evil[.com`: only the opening one.
        if name == b"." && after.first().is_some_and(u8::is_ascii_alphanumeric) {
            return Some((escaped + 2, meant));
        }
    }
    None
}

/// Whether a mark ends before a place.
fn mark_ends(text: &[u8], at: usize) -> bool {
    (1..=LONGEST_MARK + 2).any(|back| {
        at.checked_sub(back).and_then(|from| mark(text, from)).is_some_and(|(length, _)| length == back)
    })
}

/// Whether the token `from..to` is whole: nothing beside it is a way of writing more of it.
pub(super) fn is_whole(text: &[u8], from: usize, to: usize) -> bool {
    let left = match before(text, from) {
        None => true,
        // A dot was taken off: was it one of a mark?
        Some(b'.') => {
            let mut dots = from;
            while before(text, dots) == Some(b'.') {
                dots -= 1;
            }
            !matches!(before(text, dots), Some(b'\\' | b'[' | b'(' | b'{'))
                || !mark_ends_within(text, dots, from)
        }
        Some(b']' | b')' | b'}') => !mark_ends(text, from),
        Some(digit) if digit.is_ascii_hexdigit() => {
            from.checked_sub(3).and_then(|at| escape(text, at)).is_none_or(|byte| !goes_on(byte))
        }
        Some(_) => true,
    };
    // A dot was taken off: a name may go on behind it.
    let is_dotted = byte(text, to) == Some(b'.') && byte(text, to + 1) == Some(b'%');
    let next = if is_dotted { to + 1 } else { to };
    let right = match byte(text, next) {
        Some(b'%') => escape(text, next).is_none_or(|byte| !goes_on(byte) || is_dotted && byte == b'.'),
        Some(b'[' | b'(' | b'{' | b'\\') => mark(text, next).is_none_or(|(length, meant)| {
            let behind = escape(text, next + length).or_else(|| byte(text, next + length));
            meant != b"." || !behind.is_some_and(|byte| byte != b'.' && goes_on(byte))
        }),
        _ => true,
    };
    left && right
}

/// Whether a mark of which the dots `dots..from` are the end begins before them.
fn mark_ends_within(text: &[u8], dots: usize, from: usize) -> bool {
    (1..=2).any(|back| {
        dots.checked_sub(back)
            .and_then(|at| mark(text, at).map(|(length, _)| at + length))
            .is_some_and(|end| end > dots && end <= from)
    })
}

/// The character that begins at a place: itself and its length. `None` for what is no UTF-8.
pub(super) fn character(text: &[u8], at: usize) -> Option<(char, usize)> {
    let head = text.get(at..)?;
    let head = head.get(..head.len().min(4)).unwrap_or(head);
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        Err(error) => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next().map(|c| (c, c.len_utf8()))
}

/// Whether a character beyond ASCII may be part of a name. What is no UTF-8 may: nobody knows what it is.
pub(super) fn is_letter(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            // Latin-1 signs, but the ordinals, `µ` and the middle dot of Catalan.
            '\u{80}'..='\u{a9}' | '\u{ab}'..='\u{b4}' | '\u{b6}' | '\u{b8}' | '\u{b9}' | '\u{bb}'..='\u{bf}' | '×' | '÷'
            // General punctuation, but the two joiners; currency, arrows, signs, boxes, shapes.
            | '\u{2000}'..='\u{200b}' | '\u{200e}'..='\u{206f}' | '\u{20a0}'..='\u{20cf}' | '\u{2190}'..='\u{25ff}'
            // Punctuation of East Asia.
            | '\u{3000}'..='\u{3003}' | '\u{3008}'..='\u{3020}' | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff01}'..='\u{ff0c}' | '\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff3e}' | '\u{ff40}'
            | '\u{ff5b}'..='\u{ff60}' | '\u{ff62}'..='\u{ff65}' | '\u{feff}' | '\u{fffc}' | '\u{fffd}'
        ))
}

/// Whether a word goes on before a place: a letter or a digit of any script.
pub(super) fn word_before(text: &[u8], at: usize) -> bool {
    match before(text, at) {
        None => false,
        Some(byte) if byte < 0x80 => byte.is_ascii_alphanumeric(),
        Some(_) => {
            let start = (1..=4).find_map(|back| {
                let from = at.checked_sub(back)?;
                character(text, from).filter(|(_, length)| *length == back)
            });
            start.is_none_or(|(c, _)| is_letter(c))
        }
    }
}

/// Whether a word goes on at a place.
pub(super) fn word_at(text: &[u8], at: usize) -> bool {
    match byte(text, at) {
        None => false,
        Some(byte) if byte < 0x80 => byte.is_ascii_alphanumeric(),
        Some(_) => character(text, at).is_none_or(|(c, _)| is_letter(c)),
    }
}

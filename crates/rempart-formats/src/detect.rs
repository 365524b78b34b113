//! Telling the format of an input by what is in it; the name only helps where that says too little.

use rempart_model::Observable;

use crate::Format;
use crate::container::encoding::{self, Encoding};
use crate::list::{hosts, plain};
use crate::table;

/// Lines that are looked at.
const LINES: usize = 400;
/// Share of lines that must be alike, in percent.
const MOST: usize = 80;

/// The format of an input that begins with `first` (64 KiB are enough) and was called `name_hint`.
/// `None`: none that is read; see [`unreadable`] for what it is.
pub fn detect(name_hint: Option<&str>, first: &[u8]) -> Option<Format> {
    if unreadable(first).is_some() {
        return None;
    }
    let text = sample(first);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let by_name = name_hint.and_then(by_name);
    if let Some(format) = json(text) {
        return Some(format);
    }
    if text.starts_with('<') {
        return Some(Format::Text);
    }
    let lines: Vec<&str> = lines(text, first.len());
    lines_of(&lines, by_name)
}

/// What an input is that is not read: `a PDF document`; `None`: it may be readable.
pub fn unreadable(first: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 17] = [
        (b"%PDF-", "a PDF document; extract its text first"),
        (b"PK\x03\x04", "a zip archive or an office document"),
        (b"\xd0\xcf\x11\xe0", "an old office document; save it as text"),
        (b"{\\rtf", "a rich-text document; save it as text"),
        (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"GIF8", "an image"),
        (b"BM\x36", "an image"),
        (b"RIFF", "a media file"),
        (b"\x7fELF", "an executable"),
        (b"MZ", "an executable"),
        (b"\xca\xfe\xba\xbe", "an executable"),
        (b"\xcf\xfa\xed\xfe", "an executable"),
        (b"SQLite format 3\0", "a database"),
        (b"\x1f\x8b", "gzip data"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"PAR1", "a Parquet file; export it as CSV"),
    ];
    let known = MAGIC.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, what)| *what);
    match known {
        // Two letters can begin a text as well.
        Some("an executable") if first.starts_with(b"MZ") && !is_binary(first) => None,
        Some(what) => Some(what),
        None if is_binary(first) => Some("binary data"),
        None => None,
    }
}

/// Text has no zero bytes and few other controls, unless it is UTF-16.
fn is_binary(first: &[u8]) -> bool {
    if encoding::detect(first) != Encoding::Ascii {
        return false;
    }
    let sample = first.get(..first.len().min(4096)).unwrap_or_default();
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f)).count();
    // A report may quote a few bytes of something else; one byte in twenty is no quotation.
    controls * 20 > sample.len()
}

/// The beginning as text; what is not UTF-8 does not matter here.
fn sample(first: &[u8]) -> String {
    let big = match encoding::detect(first) {
        // The sample may end inside a character, which is no reason to take it for another encoding.
        Encoding::Ascii => return String::from_utf8_lossy(first).into_owned(),
        Encoding::Utf16Be => true,
        Encoding::Utf16Le => false,
    };
    let mut text = String::new();
    // Bytes in memory can always be read.
    let _ = std::io::Read::read_to_string(&mut encoding::Utf16Reader::new(first, big), &mut text);
    text
}

fn by_name(name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "csv" => Format::Csv,
        "tsv" | "tab" => Format::Tsv,
        "md" | "markdown" | "adoc" | "asciidoc" | "rst" | "html" | "htm" | "eml" => Format::Text,
        "jsonl" | "ndjson" => Format::JsonLines,
        "json" => Format::Json,
        "stix" | "stix2" => Format::Stix,
        _ => return None,
    })
}

/// Complete lines; the last one is left out where the sample was cut.
fn lines(text: &str, size: usize) -> Vec<&str> {
    let cut = size >= crate::container::SNIFF && !text.ends_with(['\n', '\r']);
    let mut lines: Vec<&str> = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).collect();
    if cut && lines.len() > 1 {
        lines.pop();
    }
    // Enough from the beginning: lists are alike all the way down.
    lines.truncate(4 * LINES);
    lines
}

fn json(text: &str) -> Option<Format> {
    let body = text.strip_prefix(['{', '['])?.trim_start();
    let opens = text.as_bytes().first() == Some(&b'{');
    let like_json = match body.as_bytes().first() {
        None => true,
        Some(b'"' | b'}') if opens => true,
        Some(b'{' | b'"' | b']' | b'[') => !opens,
        _ => false,
    };
    if !like_json {
        return None;
    }
    let has = |key: &str| keys(text, key).next().is_some();
    let value = |key: &str, wanted: &dyn Fn(&str) -> bool| keys(text, key).any(wanted);
    let is_id = |text: &str| {
        let text = text.trim_start_matches('"');
        text.split_once("--").is_some_and(|(kind, uuid)| {
            kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && uuid.as_bytes().get(8) == Some(&b'-')
        })
    };
    if value("type", &|text| text.starts_with("\"bundle\""))
        || (has("objects") && (has("more") || has("spec_version")))
        || value("id", &is_id) && has("type")
    {
        return Some(Format::Stix);
    }
    if opens && body.starts_with("\"objects\"") {
        return Some(Format::Stix);
    }
    let misp_attribute = has("to_ids") && has("category") && has("type") && has("value");
    // Windows, too, writes `Event` around what it logs.
    let misp_event =
        has("Event") && (has("info") || has("Orgc") || has("distribution") || has("threat_level_id"));
    if misp_event || has("Attribute") || misp_attribute {
        return Some(Format::Misp);
    }
    let several = opens
        && text
            .lines()
            .take(2)
            .all(|line| line.trim_start().starts_with('{') && line.trim_end().ends_with('}'))
        && text.lines().nth(1).is_some();
    Some(if several { Format::JsonLines } else { Format::Json })
}

/// The texts behind each `"key":`, without white space in front.
fn keys<'t>(text: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    let quoted = format!("\"{key}\"");
    text.match_indices(&quoted)
        .map(|(at, found)| at + found.len())
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(|at| Some(text.get(at..)?.trim_start().strip_prefix(':')?.trim_start()))
}

fn lines_of(lines: &[&str], by_name: Option<Format>) -> Option<Format> {
    if lines.iter().take(20).any(|line| line.starts_with("#fields\t")) {
        return Some(Format::Tsv);
    }
    let data: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_matches(' '))
        .filter(|line| plain::comment(line).is_none())
        .collect();
    let comments = || lines.iter().filter_map(|line| plain::comment(line.trim()));
    if by_name == Some(Format::Text) && !data.is_empty() {
        return by_name;
    }
    if is_adblock(lines, &data) {
        return Some(Format::Adblock);
    }
    let trails = comments().any(|text| {
        let text = text.trim_start();
        text.starts_with("Reference:") || text.starts_with("Aliases:")
    });
    let data = data.get(..data.len().min(LINES)).unwrap_or_default();
    if data.is_empty() {
        // Nothing but comments, or nothing at all.
        return Some(by_name.unwrap_or(Format::Plain));
    }
    let enough = |count: usize| count * 100 >= data.len() * MOST;
    let is_mapping = |line: &&&str| {
        let mut words = line.split_ascii_whitespace();
        words.next().and_then(hosts::sink_address) == Some(true) && words.next().is_some()
    };
    if enough(data.iter().filter(is_mapping).count()) {
        return Some(Format::Hosts);
    }
    if trails && enough(data.iter().filter(|line| !line.contains(char::is_whitespace)).count()) {
        return Some(Format::Plain);
    }
    let single = |line: &&&str| is_single(line);
    let values = data.iter().filter(single).count()
        + usize::from(data.first().is_some_and(|first| table::is_column_name(first)));
    if enough(values) {
        return Some(Format::Plain);
    }
    if let Some(delimiter) = table_delimiter(data, by_name) {
        return Some(if delimiter == b'\t' { Format::Tsv } else { Format::Csv });
    }
    // A value and words behind it that are no columns.
    if enough(data.iter().filter(|line| starts_with_value(line)).count()) {
        return Some(Format::Plain);
    }
    match by_name {
        Some(format @ (Format::Csv | Format::Tsv)) => Some(format),
        _ => Some(Format::Text),
    }
}

fn is_adblock(lines: &[&str], data: &[&str]) -> bool {
    let head = |line: &&&str| {
        line.to_ascii_lowercase().starts_with("[adblock")
            || line.strip_prefix("! ").is_some_and(|text| {
                ["Title:", "Expires:", "Homepage:", "Last modified:", "Updated:", "Version:"]
                    .iter()
                    .any(|word| text.starts_with(word))
            })
    };
    if lines.iter().take(30).any(|line| head(&line)) {
        return true;
    }
    let rules = data
        .iter()
        .filter(|line| line.starts_with("||") || line.starts_with("@@") || line.contains("##"))
        .count();
    rules > 0 && rules * 2 >= data.len()
}

/// Whether a line is one value, with nothing or a comment behind it.
fn is_single(line: &str) -> bool {
    let (value, _) = crate::list::inline_comment(line, &["#", ";", "//", "!"]);
    !value.contains(char::is_whitespace)
        && (Observable::guess(value).is_ok()
            || crate::list::range::parse(value).is_some_and(|range| range.is_ok()))
        || crate::list::range::parse(value).is_some()
}

fn starts_with_value(line: &str) -> bool {
    // A sentence can begin with a name; a list's line is short.
    line.len() < 300
        && line
            .split([' ', '\t', ',', ';', '|'])
            .next()
            .is_some_and(|word| !word.ends_with(['.', ':']) && Observable::guess(word).is_ok())
}

/// The delimiter of a table in `text`, if it is one.
pub(crate) fn delimiter(text: &str) -> Option<u8> {
    let lines: Vec<&str> = lines(text, text.len());
    let data: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_matches(' '))
        .filter(|line| plain::comment(line).is_none())
        .take(LINES)
        .collect();
    table_delimiter(&data, Some(Format::Csv))
}

/// A delimiter that cuts nearly all lines into the same number of fields, two or more; and by names
/// or values it must be a table of something, unless its file is called one.
fn table_delimiter(data: &[&str], by_name: Option<Format>) -> Option<u8> {
    let named = matches!(by_name, Some(Format::Csv | Format::Tsv));
    let mut best: Option<(usize, u8)> = None;
    for delimiter in *b"\t,;|" {
        let widths: Vec<usize> = data.iter().map(|line| fields(line, delimiter).len()).collect();
        let mut sorted = widths.clone();
        sorted.sort_unstable();
        let common = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        if common < 2 {
            continue;
        }
        let alike = widths.iter().filter(|width| **width == common).count();
        // Prose with commas is not cut evenly; a called table may be ragged.
        if alike * 100 < data.len() * if named { 50 } else { MOST } {
            continue;
        }
        let score = alike * common;
        if (named || is_table(data, delimiter, common)) && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

fn is_table(data: &[&str], delimiter: u8, width: usize) -> bool {
    let heading = data.first().map(|line| fields(line, delimiter)).unwrap_or_default();
    if heading.len() == width && table::known_names(heading.iter().copied()) * 2 >= width.min(4) {
        return true;
    }
    (0..width).any(|column| {
        let cells = data.iter().take(60).filter_map(|line| fields(line, delimiter).get(column).copied());
        let values = cells.clone().filter(|cell| Observable::guess(cell).is_ok()).count();
        values > 0 && values * 100 >= cells.count() * MOST
    })
}

/// The fields of a line; a delimiter between quotation marks does not count.
fn fields(line: &str, delimiter: u8) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            fields.push(line.get(start..at).unwrap_or(""));
            start = at + 1;
        }
    }
    fields.push(line.get(start..).unwrap_or(""));
    for field in &mut fields {
        *field = field.trim().trim_matches('"').trim();
    }
    fields
}

//! Lines of JSON as logs: whatever they hold, places are in order and within the text; and what another reader
//! takes for JSON is read to the same strings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::check_log;
use rempart_matching::logs::{DEEPEST, Format, Layout, records};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    check_log(Format::Jsonl, data);
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let mut wanted = Vec::new();
    let mut path = Vec::new();
    let deepest = strings(&value, &mut path, &mut wanted);
    let line = serde_json::to_vec(&value).expect("a value can be written");
    let records = records(&mut Layout::new(Format::Jsonl, None), &line);
    let [record] = &records[..] else { panic!("a value is one record") };
    let Ok(fields) = &record.fields else {
        assert!(deepest > DEEPEST, "what was written as JSON is read");
        return;
    };
    // Keys are given as well where they may be values; their path ends with themselves.
    let mut read = fields.iter();
    for (column, string) in &wanted {
        let is_it = |(_, name, meant): &&(_, Vec<u8>, Vec<u8>)| {
            meant == string.as_bytes() && (name == column.as_bytes() || name.len() == 1024)
        };
        assert!(read.any(|field| is_it(&field)), "{string:?} in {column:?} is missing or out of order");
    }
});

/// The strings of a value with the paths to them, in order; gives how deep it is.
fn strings(value: &Value, path: &mut Vec<String>, out: &mut Vec<(String, String)>) -> usize {
    // The first key is part of the path even where it is empty; an empty path gets no dot.
    let joined = path
        .iter()
        .fold(String::new(), |path, key| if path.is_empty() { key.clone() } else { format!("{path}.{key}") });
    let mut cut = joined;
    if cut.len() > 1024 {
        // What is cut is compared by its length alone.
        cut.clear();
    }
    match value {
        Value::String(string) => {
            out.push((cut, string.clone()));
            0
        }
        Value::Array(values) => {
            1 + values.iter().map(|value| strings(value, path, out)).max().unwrap_or_default()
        }
        Value::Object(members) => {
            let mut deepest = 0;
            for (key, value) in members {
                path.push(key.clone());
                deepest = deepest.max(strings(value, path, out));
                path.pop();
            }
            1 + deepest
        }
        _ => 0,
    }
}

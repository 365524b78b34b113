//! Tables of Zeek as logs: whatever they hold, places are in order and within the text; and a table that is
//! written as Zeek writes it is read to what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::{cells, check_log};
use rempart_matching::logs::{Format, Layout, records};

fuzz_target!(|data: &[u8]| {
    check_log(Format::Zeek, data);
    let rows = cells(data);
    let width = rows.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let mut log = b"#separator \\x09\n#fields".to_vec();
    for number in 0..width {
        log.extend_from_slice(format!("\tc{number}").as_bytes());
    }
    log.push(b'\n');
    let mut wanted = Vec::new();
    for row in &rows {
        let mut fields = Vec::new();
        for number in 0..width {
            let cell = row.get(number).map(Vec::as_slice).unwrap_or(b"-");
            if number > 0 {
                log.push(b'\t');
            }
            if number < row.len() {
                write(cell, &mut log);
                if !cell.is_empty() {
                    fields.push((format!("c{number}").into_bytes(), cell.to_vec()));
                }
            } else {
                log.push(b'-');
            }
        }
        log.push(b'\n');
        wanted.push(fields);
    }
    let read = records(&mut Layout::new(Format::Zeek, None), &log);
    let read: Vec<Vec<_>> = read
        .into_iter()
        .map(|record| {
            let fields = record.fields.expect("what Zeek writes is read").into_iter();
            fields
                .filter(|(_, _, meant)| !meant.is_empty())
                .map(|(_, column, meant)| (column, meant))
                .collect()
        })
        .collect();
    // An empty line is none, and of one without fields nothing is left to compare.
    wanted.retain(|fields| !fields.is_empty());
    let read: Vec<_> = read.into_iter().filter(|fields: &Vec<_>| !fields.is_empty()).collect();
    assert_eq!(read, wanted, "what was written is read");
});

/// Writes a field as Zeek does: what is no printable ASCII, what separates, and what would be taken for no field
/// at all, is escaped.
fn write(cell: &[u8], log: &mut Vec<u8>) {
    let is_special = cell == b"-" || cell == b"(empty)";
    for (at, byte) in cell.iter().enumerate() {
        match byte {
            b'\\' => log.extend_from_slice(b"\\\\"),
            b'#' if at == 0 => log.extend_from_slice(b"\\x23"),
            _ if is_special && at == 0 => log.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
            b' '..=b'~' => log.push(*byte),
            _ => log.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
}

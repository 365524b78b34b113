//! CSV as logs: whatever it holds, places are in order and within the text; and a table that is written after
//! RFC 4180 is read to what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::{cells, check_log};
use rempart_matching::logs::{Format, Layout, records};

fuzz_target!(|data: &[u8]| {
    check_log(Format::Csv, data);
    let separator = [b',', b';', b'\t'][data.len() % 3];
    let rows = cells(data);
    let width = rows.iter().map(Vec::len).max().unwrap_or_default().max(2);
    let (mut log, mut wanted) = (Vec::new(), Vec::new());
    for number in 0..width {
        if number > 0 {
            log.push(separator);
        }
        log.extend_from_slice(format!("c{number}").as_bytes());
    }
    log.extend_from_slice(b"\r\n");
    for row in &rows {
        let mut fields = Vec::new();
        for number in 0..width {
            if number > 0 {
                log.push(separator);
            }
            let cell = row.get(number).map(Vec::as_slice).unwrap_or_default();
            // Marks are put around every other field, needed or not.
            let needed = cell.iter().any(|byte| matches!(byte, b'"' | b'\r' | b'\n') || *byte == separator);
            if needed || number % 2 == 0 {
                log.push(b'"');
                for byte in cell {
                    log.push(*byte);
                    if *byte == b'"' {
                        log.push(b'"');
                    }
                }
                log.push(b'"');
            } else {
                log.extend_from_slice(cell);
            }
            if !cell.is_empty() {
                fields.push((format!("c{number}").into_bytes(), cell.to_vec()));
            }
        }
        log.extend_from_slice(b"\r\n");
        wanted.push(fields);
    }
    let read = records(&mut Layout::new(Format::Csv, None), &log).into_iter();
    let read: Vec<Vec<_>> = read
        .map(|record| {
            let fields = record.fields.expect("what is written after RFC 4180 is read").into_iter();
            fields.map(|(_, column, meant)| (column, meant)).collect()
        })
        .collect();
    assert_eq!(read, wanted, "what was written is read");
});

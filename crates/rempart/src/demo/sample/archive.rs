//! A zip archive with two files of different formats.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::values::{Kind, Maker};
use super::{Made, file, lists};

/// Values of each file.
const VALUES: usize = 800;

/// The archive.
pub(super) fn zip(maker: &mut Maker) -> std::io::Result<Made> {
    let hashes = maker.values(VALUES, &[Kind::Sha256, Kind::Sha1, Kind::Md5]);
    let names = maker.values(VALUES, &[Kind::Domain]);
    let mut table = String::from("hash,signature,first_seen\n");
    for value in &hashes {
        table.push_str(&format!("{},{},{}\n", value.text, value.threat.malware, value.first));
    }
    let list = lists::lines("Names of servers. Synthetic sample.", &names);
    // The same time in every archive, so that it is the same to the byte.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("hashes.csv", &table), ("names.txt", &list)] {
        archive.start_file(name, options)?;
        archive.write_all(content.as_bytes())?;
    }
    let bytes = archive.finish()?.into_inner();
    Ok(Made { files: file(bytes), indicators: 2 * VALUES, faults: 0 })
}

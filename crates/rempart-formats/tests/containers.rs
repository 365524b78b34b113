//! Archives, streams and folders: what is opened, and what is refused with its reason.
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

mod reading;

use std::fs::File;
use std::io::{self, Cursor, Read, Write};

use reading::{Entries, open};
use rempart_formats::container::Input;
use rempart_formats::{DecodeError, Limits};

const LIST: &[u8] = b"192.0.2.1\n192.0.2.2\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn stream(name: &str, bytes: &[u8], limits: Limits) -> (Entries, Result<(), DecodeError>) {
    let mut bytes = bytes;
    open(Input::Stream(name, &mut bytes), limits)
}

fn values(entries: &[(String, Vec<String>)]) -> Vec<&str> {
    entries.iter().flat_map(|(_, lines)| lines).map(String::as_str).collect()
}

#[test]
fn compression_is_told_by_content_and_opened_one_in_another() {
    let members = [gzip(b"192.0.2.1\n"), gzip(b"192.0.2.2\n")].concat();
    let frames = [zstd(b"192.0.2.1\n"), zstd(b"192.0.2.2\n")].concat();
    for (name, bytes) in [
        ("plain", LIST.to_vec()),
        ("gzip members", members),
        ("zstd frames", frames),
        ("zip", zip(&[("list.txt", LIST)])),
        ("gzip in zip", zip(&[("list.txt.gz", &gzip(LIST))])),
        ("gzip in zstd", zstd(&gzip(LIST))),
    ] {
        let (entries, result) = stream("input", &bytes, Limits::default());
        assert!(result.is_ok(), "{name}: {result:?}");
        assert_eq!(values(&entries), ["192.0.2.1", "192.0.2.2"], "{name}");
        // The same from a file.
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let (entries, _) = open(Input::Path(file.path()), Limits::default());
        assert_eq!(values(&entries), ["192.0.2.1", "192.0.2.2"], "{name}");
    }
}

#[test]
fn what_is_not_opened_says_why() {
    for (bytes, reason) in [
        (zstd(&gzip(&gzip(LIST))), "compressed more than twice"),
        (zip(&[("a.zip", &zip(&[("b", LIST)]))]), "a zip archive inside an archive is not opened"),
        (b"BZh91AY&SY".to_vec(), "a bzip2 archive is not opened"),
        (zip(&[("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")]), "an office document"),
        (b"\x1f\x8b\x08garbage".to_vec(), "the compressed data is damaged"),
    ] {
        let (entries, result) = stream("input", &bytes, Limits::default());
        assert!(result.is_ok());
        assert!(values(&entries)[0].starts_with(&format!("refused: {reason}")), "{entries:?}");
    }
    let (entries, _) = stream("a.pdf", b"%PDF-1.7 ...", Limits::default());
    assert_eq!(
        values(&entries),
        ["error: not a format that is read: a PDF document; extract its text first"]
    );
}

#[test]
fn forbidden_entries_cost_themselves_only() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let names =
        ["../../etc/cron.d/x", "/etc/passwd", "C:\\x.txt", "a/../../b", "..\\x.txt", ".hidden", "__MACOSX/x"];
    for name in names {
        writer.start_file(name, options).unwrap();
        writer.write_all(LIST).unwrap();
    }
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    writer.start_file("good.txt", options).unwrap();
    writer.write_all(b"192.0.2.9\n").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let (entries, result) = stream("input", &bytes, Limits::default());
    assert!(result.is_ok());
    let expected = [
        "refused: its name leads out of the archive (`..`)",
        "refused: its name is an absolute path",
        "refused: its name is an absolute path",
        "refused: its name leads out of the archive (`..`)",
        "refused: its name leads out of the archive (`..`)",
        "refused: it is a symbolic link",
        "192.0.2.9",
    ];
    assert_eq!(values(&entries), expected);
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut bytes = zip(&[("secret.txt", LIST), ("open.txt", LIST)]);
    // Set the encryption flag of the first entry, in its local header and in the directory.
    let local = bytes.windows(4).position(|w| w == b"PK\x03\x04").unwrap();
    let central = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[local + 6] |= 1;
    bytes[central + 8] |= 1;
    let (entries, _) = stream("input", &bytes, Limits::default());
    assert_eq!(
        values(&entries),
        ["refused: it is encrypted; decrypt the archive first", "192.0.2.1", "192.0.2.2"]
    );
}

#[test]
fn bombs_are_stopped_and_what_came_before_stays() {
    let mut text = LIST.to_vec();
    let comment = [&[b'#'; 4095][..], b"\n"].concat();
    text.extend(comment.iter().cycle().take(64 << 20));
    for bytes in [gzip(&text), zstd(&text), zip(&[("bomb.txt", &text)])] {
        assert!(bytes.len() < 200_000);
        let (entries, result) = stream("bomb", &bytes, Limits::default());
        assert!(result.is_ok());
        let lines = values(&entries);
        assert_eq!(lines[..2], ["192.0.2.1", "192.0.2.2"]);
        assert!(lines[2].contains("expands to more than 400 times"), "{lines:?}");
        assert!(lines[2].contains("bomb"), "the entry is named: {lines:?}");
    }
}

#[test]
fn what_is_cut_off_gives_what_it_holds() {
    let list: String = (0..60_000).map(|at| format!("10.{}.{}.{}\n", at % 7, at / 250, at % 250)).collect();
    for mut bytes in [gzip(list.as_bytes()), zstd(list.as_bytes())] {
        bytes.truncate(bytes.len() / 2);
        let (entries, result) = stream("input", &bytes, Limits::default());
        assert!(result.is_ok());
        let lines = values(&entries);
        assert_eq!(lines[0], "10.0.0.0");
        assert!(
            lines.last().is_some_and(|line| line.starts_with("error: cannot read the input")),
            "{lines:?}"
        );
    }
}

#[test]
fn input_size_and_number_of_entries_are_bounded() {
    let limits = Limits { input_bytes: 1 << 20, ..Limits::default() };
    let mut endless = io::repeat(b'\n').take(1 << 40);
    let (entries, _) = open(Input::Stream("endless", &mut endless), limits);
    assert!(values(&entries)[0].contains("longer than 1048576 bytes"), "{entries:?}");

    let limits = Limits { entries: 2, ..Limits::default() };
    let archive = zip(&[("a", LIST), ("b", LIST), ("c", LIST)]);
    assert!(matches!(stream("input", &archive, limits).1, Err(DecodeError::Limit { .. })));

    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        File::create(folder.path().join(name)).unwrap();
    }
    assert!(matches!(open(Input::Path(folder.path()), limits).1, Err(DecodeError::Limit { .. })));
}

#[test]
fn folders_are_walked_in_order_and_links_do_not_lead_out() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "203.0.113.1\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("sub")).unwrap();
    std::fs::write(at("b.txt"), "192.0.2.2\n").unwrap();
    std::fs::write(at("a.txt.gz"), gzip(b"192.0.2.1\n")).unwrap();
    std::fs::write(at("sub/c.txt"), "192.0.2.3\n").unwrap();
    std::fs::write(at(".hidden"), "192.0.2.4\n").unwrap();
    std::os::unix::fs::symlink(outside.path(), at("x-out")).unwrap();
    std::os::unix::fs::symlink(folder.path(), at("y-loop")).unwrap();
    std::os::unix::fs::symlink("b.txt", at("z-in")).unwrap();
    let (entries, result) = open(Input::Path(folder.path()), Limits::default());
    assert!(result.is_ok());
    let entries: Vec<(&str, &str)> =
        entries.iter().map(|(name, lines)| (name.as_str(), lines[0].as_str())).collect();
    assert_eq!(
        entries,
        [
            ("a.txt", "192.0.2.1"),
            ("b.txt", "192.0.2.2"),
            ("sub/c.txt", "192.0.2.3"),
            ("x-out", "refused: a symbolic link that leads out of the folder"),
            ("y-loop", "refused: a symbolic link to something that is not a file"),
            ("z-in", "192.0.2.2"),
        ]
    );
}

#[test]
fn a_misp_feed_is_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, two) = ("5e396a1e-68e4-4db5-8810-ca350aba047c", "5eeb348a-cb74-40eb-9678-7c1d0aba047c");
    let manifest = format!("{{\"{one}\": {{\"info\": \"x\"}}, \"{two}\": {{\"info\": \"y\"}}}}");
    std::fs::write(at("manifest.json"), manifest).unwrap();
    std::fs::write(at("hashes.csv"), format!("d41d8cd98f00b204e9800998ecf8427e,{one}\n")).unwrap();
    let event = format!(
        "{{\"Event\": {{\"uuid\": \"{one}\", \"info\": \"x\", \"timestamp\": \"1\", \"Attribute\": [{{\"uuid\": \
         \"{two}\", \"type\": \"ip-dst\", \"category\": \"Network activity\", \"to_ids\": true, \"value\": \"192.0.2.1\"}}]}}}}"
    );
    std::fs::write(at(&format!("{one}.json")), event).unwrap();
    let (entries, _) = open(Input::Path(folder.path()), Limits::default());
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [format!("{two}.json"), format!("{one}.json"), "hashes.csv".into(), "manifest.json".into()]
    );
    assert!(entries[0].1[0].starts_with("refused: the feed's manifest announces this event"), "{entries:?}");
    assert!(entries[1].1.contains(&"192.0.2.1".to_owned()), "{entries:?}");
    assert!(entries[2].1[0].starts_with("skipped"), "{entries:?}");
    assert!(entries[3].1[0].starts_with("skipped"), "{entries:?}");
}

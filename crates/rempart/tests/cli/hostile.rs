//! Bad input costs the record that is bad: the rest goes in, the account is right, memory and time are
//! bounded, and the program never dies.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::support::{Data, Ran, bundle, bundle_of, indicator, run};

/// What no import of this module may need, in KiB of memory and in time. A good import of a few records
/// takes about a tenth of both.
const MEMORY: u64 = 400 << 10;
const TIME: Duration = Duration::from_secs(60);

/// How an import ended.
struct Took {
    account: Value,
    ran: Ran,
}

impl Took {
    fn new(ran: Ran, what: &str) -> Self {
        assert!(ran.peak > 0 && ran.peak < MEMORY, "{what}: {} KiB of memory; {ran}", ran.peak);
        assert!(ran.took < TIME, "{what}: {ran}");
        assert!(!ran.stderr.contains("panicked"), "{what}: {ran}");
        let account = ran.json();
        let took = Self { account, ran };
        let (records, objects) = (took.number("records"), took.number("objects"));
        assert_eq!(
            records,
            objects + took.number("duplicates") + took.number("rejected"),
            "{what}: {}",
            took.ran
        );
        for rejected in took.account["rejections"].as_array().unwrap() {
            assert!(rejected["input"].as_str().is_some_and(|input| !input.is_empty()), "{what}: {rejected}");
            assert!(rejected["reason"].as_str().is_some_and(|reason| reason.len() > 3), "{what}: {rejected}");
        }
        println!("{what}: {} KiB, {:?}", took.ran.peak, took.ran.took);
        took
    }

    fn number(&self, key: &str) -> u64 {
        self.account[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", self.ran))
    }

    /// Objects and rejected records.
    fn counts(&self) -> (u64, u64) {
        (self.number("objects"), self.number("rejected"))
    }

    /// Everything that is said of what went wrong.
    fn said(&self) -> String {
        format!("{} {}", self.account["rejections"], self.account["errors"])
    }
}

fn import(data: &Data, path: &Path, options: &[&str]) -> Took {
    let args = [&["import", "--json"], options, &[path.to_str().unwrap()]].concat();
    Took::new(data.run(&args), &path.file_name().unwrap().to_string_lossy())
}

/// Imports what is written to standard input.
fn stream(
    data: &Data,
    what: &str,
    options: &[&str],
    feed: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send + 'static,
) -> Took {
    let args = [&["import", "--json", "--source", what], options, &["-"]].concat();
    let ran = run(data.command(&args), move |to| {
        // The program may have read enough before the end.
        let _ = feed(&mut std::io::BufWriter::with_capacity(1 << 20, to));
    });
    Took::new(ran, what)
}

#[test]
fn a_bundle_that_is_cut_gives_what_is_whole() {
    let data = Data::shipped();
    let indicators: Vec<_> = (0..50).map(|index| indicator(81, index)).collect();
    let whole = String::from_utf8(bundle_of(&indicators)).unwrap();
    let last = whole.rfind(&indicators[49].json).unwrap();
    // Inside the last object, just after the one before it, and just before the end.
    for (name, cut, objects) in
        [("inside", last + 40, 49), ("between", last, 49), ("end", whole.len() - 3, 50)]
    {
        let data_of = Data::shipped();
        let file = data.file(&format!("{name}.json"), &whole[..cut]);
        let took = import(&data_of, &file, &[]);
        assert_eq!(took.number("objects"), objects, "{name}: {}", took.ran);
        // An object that is cut off is a record that is rejected; in each case the end was not read.
        let rejected = u64::from(name == "inside");
        assert_eq!((took.number("rejected"), took.ran.code), (rejected, Some(3)), "{name}: {}", took.ran);
        assert!(took.said().contains("cut off"), "{name}: {}", took.ran);
    }
}

#[test]
fn deep_nesting_costs_one_record() {
    let data = Data::shipped();
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let good = [indicator(82, 0), indicator(82, 1)];
    let with =
        |key: &str, value: &str| indicator(82, 2).json.replacen('{', &format!("{{\"{key}\":{value},"), 1);
    let file = data.file(
        "deep.json",
        bundle([&*good[0].json, &*with("x_deep", &deep), &*with("x_deep", &objects), &*deep, &*good[1].json]),
    );
    let took = import(&data, &file, &[]);
    assert_eq!((took.counts(), took.ran.code), ((2, 3), Some(0)), "{}", took.ran);
    assert!(took.said().contains("deep") || took.said().contains("nest"), "{}", took.ran);
    // All of the input is one such value.
    for (name, text) in [("arrays.json", "[".repeat(1 << 20)), ("objects.json", "{\"a\":".repeat(1 << 18))] {
        let took = import(&data, &data.file(name, text), &[]);
        assert_eq!(took.number("objects"), 0, "{}", took.ran);
        assert!(took.number("rejected") > 0 || took.ran.code == Some(3), "{}", took.ran);
    }
}

#[test]
fn a_string_of_300_mb_costs_one_record() {
    let data = Data::shipped();
    let good = [indicator(83, 0), indicator(83, 1)];
    let json = good.each_ref().map(|indicator| indicator.json.clone());
    let took = stream(&data, "long-string", &[], move |to| {
        let [first, second] = json;
        let long = indicator(83, 2).json;
        let long = long.strip_suffix('}').unwrap();
        write!(
            to,
            "{{\"type\":\"bundle\",\"id\":\"bundle--0b9d5c7e-1111-4222-8333-444455556666\",\"objects\":[{first},{long},\"description\":\""
        )?;
        fill(to, b'x', 300 << 20)?;
        write!(to, "\"}},{second}]}}")?;
        to.flush()
    });
    assert_eq!((took.counts(), took.ran.code), ((2, 1), Some(0)), "{}", took.ran);
    assert!(took.account["rejections"][0]["offset"].as_u64().unwrap() > 100, "{}", took.ran);

    // The same in a list, a table and lines of JSON.
    for (format, before, after) in [
        ("plain", "evil-one.com\n", "\nevil-two.com\n"),
        ("csv", "type,value\ndomain,evil-three.com\ndomain,\"", "\"\ndomain,evil-four.com\n"),
        ("jsonl", "{\"domain\":\"evil-five.com\"}\n{\"domain\":\"", "\"}\n{\"domain\":\"evil-six.com\"}\n"),
    ] {
        let took = stream(&data, format, &["--format", format], move |to| {
            to.write_all(before.as_bytes())?;
            fill(to, b'x', 100 << 20)?;
            to.write_all(after.as_bytes())?;
            to.flush()
        });
        assert_eq!((took.counts(), took.ran.code), ((2, 1), Some(0)), "{format}: {}", took.ran);
    }
}

fn fill(to: &mut dyn Write, byte: u8, count: usize) -> std::io::Result<()> {
    let piece = vec![byte; 1 << 20];
    (0..count >> 20).try_for_each(|_| to.write_all(&piece))
}

#[test]
fn an_endless_stream_of_nothing_is_read_in_little_memory() {
    let data = Data::shipped();
    let inputs = [("zeros", 0u8, 24), ("blanks", b' ', 24), ("line-ends", b'\n', 8), ("high-bytes", 0xff, 4)];
    for (name, byte, size) in inputs {
        let took = stream(&data, name, &[], move |to| {
            fill(to, byte, size << 20)?;
            to.flush()
        });
        assert_eq!(took.number("objects"), 0, "{name}: {}", took.ran);
    }
}

#[test]
fn other_encodings_are_read_or_refused() {
    let data = Data::shipped();
    let good = indicator(84, 0);
    let text = String::from_utf8(bundle_of(std::slice::from_ref(&good))).unwrap();
    let utf16 = |big: bool, text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    for (name, bytes) in [
        ("mark.json", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("little.json", utf16(false, &text)),
        ("big.json", utf16(true, &text)),
    ] {
        let data = Data::shipped();
        let took = import(&data, &data.file(name, bytes), &[]);
        assert_eq!(took.counts(), (1, 0), "{name}: {}", took.ran);
        // Served as UTF-8, whatever it came as.
        assert_eq!(data.objects(), [serde_json::from_str::<Value>(&good.json).unwrap()], "{name}");
    }
    // Bytes that are no text in one record, half a character at the end, a list in Latin-1.
    let mut bytes = indicator(84, 1).json.into_bytes();
    let at = bytes.windows(9).position(|bytes| bytes == b"malicious").unwrap();
    bytes[at] = 0xff;
    let broken = [text.trim_end().strip_suffix("]}").unwrap().as_bytes(), b",", &bytes, b"]}"].concat();
    let took = import(&data, &data.file("broken.json", broken), &[]);
    assert_eq!(took.counts(), (1, 1), "{}", took.ran);
    let took = import(&data, &data.file("latin.txt", b"# caf\xe9\nevil-one.com\nevil-two.com\n"), &[]);
    assert_eq!(took.counts(), (2, 0), "{}", took.ran);
    let took =
        import(&data, &data.file("half.txt", b"evil-three.com\nevil-four.com\n\xc3"), &["--format", "plain"]);
    assert_eq!(took.counts(), (2, 1), "{}", took.ran);
}

#[test]
fn a_key_that_is_there_twice_does_not_mean_two_things() {
    let data = Data::shipped();
    let (one, other) = (indicator(85, 0), indicator(85, 1));
    let twice = |key: &str, value: &str| one.json.replacen('{', &format!("{{\"{key}\":{value},"), 1);
    let green = "[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]";
    let red = "[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]";
    assert!(one.json.contains(green));
    let cases = [
        twice("id", &format!("\"{}\"", other.id)),
        twice("type", "\"malware\""),
        twice("pattern", "\"[domain-name:value = 'other.com']\""),
        twice("object_marking_refs", red),
        // The other way round: the wide marking comes last.
        one.json.replace(green, red).replacen("}", &format!(",\"object_marking_refs\":{green}}}"), 1),
    ];
    let member = data.member("CERT-FR", "FR", "fr");
    assert!(!member.is_empty());
    let file = data.file("twice.json", bundle(cases.iter().map(String::as_str)));
    let took = import(&data, &file, &[]);
    assert_eq!(took.number("records"), 5, "{}", took.ran);
    // Whichever of the two another reader believes, nothing was released that one of them restricts.
    let released = data.ok(&["export", "--format", "stix", "--member", "CERT-FR"]).text();
    assert!(!released.contains("e828b379"), "{released}\n{}", took.ran);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_gzip_bomb_does_not_go_off() {
    let data = Data::shipped();
    // A good line, then 2 GB of one letter in 2 MB.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"evil-one.com\n").unwrap();
    fill(&mut encoder, b'a', 1 << 30).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 2 << 20);
    let took = import(&data, &data.file("bomb.gz", &bomb), &["--format", "plain"]);
    assert_eq!(took.ran.code, Some(3), "{}", took.ran);
    assert!(took.said().contains("expand") || took.said().contains("decompress"), "{}", took.ran);
    // gzip in gzip in gzip, and further.
    let mut nested = b"evil-two.com\n".to_vec();
    for _ in 0..20 {
        nested = gzip(&nested);
    }
    let took = import(&data, &data.file("nested.gz", &nested), &["--format", "plain"]);
    assert_eq!(took.number("objects"), 0, "{}", took.ran);
    assert!(took.ran.code == Some(3) || took.number("rejected") > 0, "{}", took.ran);
    // Cut in the middle: what came out first is taken in.
    let lines: String =
        (0..5000).map(|number| format!("evil-{number}-{}.com\n", number * 7919 % 10_007)).collect();
    let whole = gzip(lines.as_bytes());
    let took = import(&data, &data.file("cut.gz", &whole[..whole.len() / 2]), &["--format", "plain"]);
    assert_eq!(took.ran.code, Some(3), "{}", took.ran);
    assert!(took.number("objects") > 100, "{}", took.ran);
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_does_not_go_off() {
    let data = Data::shipped();
    let zeros = vec![b'a'; 64 << 20];
    let entries: Vec<(String, &[u8])> =
        (0..16).map(|number| (format!("{number}.txt"), zeros.as_slice())).collect();
    let mut entries: Vec<(&str, &[u8])> =
        entries.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    entries.insert(0, ("good.txt", b"evil-one.com\nevil-two.com\n"));
    let bomb = zip_of(&entries);
    assert!(bomb.len() < 4 << 20);
    let took = import(&data, &data.file("bomb.zip", &bomb), &["--format", "plain"]);
    assert_eq!(took.number("objects"), 2, "{}", took.ran);
    assert!(took.ran.code == Some(3) || took.number("rejected") > 0, "{}", took.ran);
    assert!(took.said().contains("expand") || took.said().contains("decompress"), "{}", took.ran);
    // A zip in a zip in a zip.
    let mut nested = zip_of(&[("list.txt", b"evil-three.com\n")]);
    for _ in 0..12 {
        nested = zip_of(&[("inner.zip", &nested)]);
    }
    let took = import(&data, &data.file("nested.zip", &nested), &["--format", "plain"]);
    assert_eq!(took.number("objects"), 0, "{}", took.ran);
    assert!(took.ran.code == Some(3) || took.number("rejected") > 0, "{}", took.ran);
    // A directory that is cut off.
    let took = import(&data, &data.file("cut.zip", &bomb[..bomb.len() - 60]), &[]);
    assert_eq!((took.number("objects"), took.ran.code), (0, Some(3)), "{}", took.ran);
}

#[test]
fn an_archive_does_not_reach_out_of_itself() {
    let data = Data::shipped();
    let list = b"evil-one.com\nevil-two.com\n";
    let archive = zip_of(&[
        ("../../outside.txt", b"outside-one.com\n"),
        ("/etc/absolute.txt", b"outside-two.com\n"),
        ("a/../../b.txt", b"outside-three.com\n"),
        ("a\\..\\..\\windows.txt", b"outside-four.com\n"),
        ("C:/drive.txt", b"outside-five.com\n"),
        ("good/list.txt", list),
    ]);
    let before: Vec<_> = listing(&data.beside("."));
    let took = import(&data, &data.file("paths.zip", archive), &["--format", "plain"]);
    assert_eq!((took.counts(), took.ran.code), ((2, 5), Some(0)), "{}", took.ran);
    assert!(took.said().contains("path") && took.said().contains(".."), "{}", took.ran);
    let after: Vec<_> =
        listing(&data.beside(".")).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(after, ["data", "paths.zip"], "something was written beside the folder");
    // In a folder, a link does not lead out of it either.
    let folder = data.beside("feeds");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("list.txt"), "evil-six.com\n").unwrap();
    std::fs::write(data.beside("elsewhere.txt"), "outside-six.com\n").unwrap();
    std::os::unix::fs::symlink(data.beside("elsewhere.txt"), folder.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(&folder, folder.join("loop")).unwrap();
    let took = import(&data, &folder, &["--format", "plain"]);
    assert_eq!(took.number("objects"), 1, "{}", took.ran);
    assert_eq!(data.run(&["search", "outside-six.com"]).code, Some(1));
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn circles_of_references_come_to_an_end() {
    const COUNT: u64 = 400;
    let data = Data::shipped();
    data.member("CERT-FR", "FR", "fr");
    let mut objects: Vec<String> = (0..COUNT).map(|index| indicator(86, index).json).collect();
    let ids: Vec<String> = (0..COUNT).map(|index| indicator(86, index).id).collect();
    let uuid = |number: u64| format!("{:08x}-0000-4000-8000-000000000000", number);
    let times = "\"created\":\"2026-10-01T00:00:00.000Z\",\"modified\":\"2026-10-01T00:00:00.000Z\"";
    // Each refers to the next, to itself, and the last to the first; relationships of relationships as well.
    for (number, id) in ids.iter().enumerate() {
        let next = &ids[(number + 1) % ids.len()];
        for (kind, from, to, base) in
            [("indicates", id, next, 1u64), ("related-to", id, id, 2), ("targets", next, id, 3)]
        {
            objects.push(format!(
                "{{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--{}\",{times},\
                 \"relationship_type\":\"{kind}\",\"source_ref\":\"{from}\",\"target_ref\":\"{to}\"}}",
                uuid(number as u64 * 8 + base),
            ));
        }
    }
    for number in 0..4u64 {
        objects.push(format!(
            "{{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--{}\",{times},\
             \"relationship_type\":\"related-to\",\"source_ref\":\"relationship--{}\",\"target_ref\":\"relationship--{}\"}}",
            uuid(100_000 + number),
            uuid(100_000 + (number + 1) % 4),
            uuid(100_000 + (number + 2) % 4),
        ));
    }
    let report = format!("report--{}", uuid(1));
    let refs: Vec<String> = ids.iter().chain([&report]).map(|id| format!("\"{id}\"")).collect();
    objects.push(format!(
        "{{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":\"{report}\",{times},\"name\":\"x\",\
         \"published\":\"2026-10-01T00:00:00Z\",\"object_refs\":[{}]}}",
        refs.join(",")
    ));
    // A marking that marks itself.
    let marking = format!("marking-definition--{}", uuid(9));
    objects.push(format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{marking}\",\"created\":\"2026-10-01T00:00:00.000Z\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"x\"}},\"object_marking_refs\":[\"{marking}\"]}}"
    ));
    let total = objects.len() as u64;
    let file = data.file("circles.json", bundle(objects.iter().map(String::as_str)));
    let took = import(&data, &file, &[]);
    assert_eq!((took.number("records"), took.ran.code), (total, Some(0)), "{}", took.ran);
    assert!(took.number("rejected") <= 1, "{}", took.ran);
    let explained = data.ok(&["explain", "--json", &indicator(86, 0).value]);
    assert!(explained.took < TIME);
    data.ok(&["ledger", "verify"]);
    assert_eq!(import(&data, &file, &[]).number("objects"), 0);
}

#[test]
fn a_date_in_the_year_99999_costs_one_record() {
    let data = Data::shipped();
    let year = |index: u64, key: &str, value: &str| {
        let json = indicator(87, index).json;
        let at = json.find(&format!("\"{key}\":\"")).unwrap() + key.len() + 4;
        let end = at + json[at..].find('"').unwrap();
        format!("{}{value}{}", &json[..at], &json[end..])
    };
    let objects = [
        indicator(87, 0).json,
        year(1, "created", "99999-01-01T00:00:00.000Z"),
        year(2, "modified", "99999-01-01T00:00:00.000Z"),
        year(3, "modified", "-0001-01-01T00:00:00.000Z"),
        year(4, "modified", "2026-13-45T99:99:99.000Z"),
        year(5, "modified", "yesterday"),
        indicator(87, 6).json,
    ];
    let file = data.file("years.json", bundle(objects.iter().map(String::as_str)));
    let took = import(&data, &file, &[]);
    assert_eq!((took.counts(), took.ran.code), ((2, 5), Some(0)), "{}", took.ran);
    assert!(took.said().contains("date") || took.said().contains("time"), "{}", took.ran);
    // The last moment that can be written is one that can be served.
    let far = year(7, "valid_from", "9999-12-31T23:59:59.999Z");
    let took = import(&data, &data.file("far.json", bundle([far.as_str()])), &[]);
    assert_eq!(took.counts(), (1, 0), "{}", took.ran);
    data.ok(&["explain", &indicator(87, 7).value]);
    let took = import(
        &data,
        &data.file(
            "years.csv",
            "type,value,first_seen\ndomain,evil-one.com,99999-01-01\ndomain,evil-two.com,2026-01-01\n",
        ),
        &[],
    );
    assert_eq!(took.number("records"), 2, "{}", took.ran);
    assert!(took.number("objects") >= 1, "{}", took.ran);
}

#[test]
fn line_ends_may_be_mixed() {
    let data = Data::shipped();
    let file = data.file(
        "mixed.txt",
        "evil-one.com\r\nevil-two.com\nevil-three.com\revil-four.com\r\n\n\r\nevil-five.com",
    );
    let took = import(&data, &file, &["--format", "plain"]);
    assert_eq!(took.counts(), (5, 0), "{}", took.ran);
    let file = data.file(
        "mixed.csv",
        "type,value\r\ndomain,evil-six.com\ndomain,evil-seven.com\r\ndomain,\"evil-eight.com\"\n",
    );
    let took = import(&data, &file, &[]);
    assert_eq!(took.counts(), (3, 0), "{}", took.ran);
    let lines = "{\"domain\":\"evil-nine.com\"}\r\n{\"domain\":\"evil-ten.com\"}\n\r\n{\"domain\":\"evil-eleven.com\"}";
    let took = import(&data, &data.file("mixed.jsonl", lines), &[]);
    assert_eq!(took.counts(), (3, 0), "{}", took.ran);
}

#[test]
fn one_bad_object_among_100_000_is_found_and_named() {
    const COUNT: u64 = 100_000;
    const BAD: u64 = 61_803;
    let data = Data::shipped();
    let indicators: Vec<_> = (0..COUNT).map(|index| indicator(88, index)).collect();
    let bad = "{\"type\":\"indicator\",\"id\":\"indicator--not-a-uuid\",\"pattern\":17}";
    let objects = indicators
        .iter()
        .enumerate()
        .map(|(index, indicator)| if index as u64 == BAD { bad } else { indicator.json.as_str() });
    let bytes = bundle(objects);
    let at = bytes.windows(bad.len()).position(|bytes| bytes == bad.as_bytes()).unwrap();
    let took = import(&data, &data.file("one-bad.json", &bytes), &[]);
    assert_eq!((took.counts(), took.ran.code), ((COUNT - 1, 1), Some(0)), "{}", took.ran);
    let rejected = &took.account["rejections"][0];
    assert_eq!(rejected["offset"], at as u64, "{rejected}");
    // The objects begin in line 2, one a line.
    assert_eq!(rejected["line"], BAD + 2, "{rejected}");
    assert_eq!(rejected["input"], "one-bad.json", "{rejected}");
}

#[test]
fn what_is_no_intelligence_at_all_is_said() {
    let data = Data::shipped();
    for (name, bytes) in [
        ("report.pdf", b"%PDF-1.7\n1 0 obj".as_slice()),
        ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("half.gz", b"\x1f\x8b\x08\0"),
    ] {
        let took = import(&data, &data.file(name, bytes), &[]);
        assert_eq!(took.number("objects"), 0, "{name}: {}", took.ran);
        assert!(took.ran.code == Some(3) || took.number("rejected") > 0, "{name}: {}", took.ran);
        assert!(took.said().len() > 20, "{name}: {}", took.ran);
    }
}

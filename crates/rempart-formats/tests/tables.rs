//! Tables: what columns mean by a mapping, by their names and by their values.
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

mod reading;

use reading::{read, read_with};
use rempart_formats::table::Mapping;
use rempart_formats::{Format, Limits};
use rempart_model::{Category, Country, Hint, Kind, Pap, Stance, Tlp};

fn csv(text: &str) -> reading::Collected {
    read(Format::Csv, text.as_bytes())
}

fn mapped(mapping: &str, text: &str) -> reading::Collected {
    let mapping = Mapping::from_toml(mapping).unwrap();
    read_with(Some(Format::Csv), Some(&mapping), Limits::default(), text.as_bytes()).0
}

#[test]
fn columns_are_known_by_their_names() {
    let collected = csv("\u{feff}DateAdded,IoC,Type,TLP\r\n\
         6/28/2021,203.0.113.48,ip,White\r\n\
         6/28/2021,evil[.]example,domainname,Amber+Strict\r\n\
         6/28/2021,C:\\x.exe,FilePath,Green\r\n");
    assert_eq!(collected.lines(), ["203.0.113.48", "evil.example", "C:\\x.exe"]);
    let records = collected.decoded();
    assert_eq!(records[0].marking.tlp, Some(Tlp::Clear));
    assert_eq!(records[1].marking.tlp, Some(Tlp::AmberStrict));
    assert_eq!(records[2].claims[0].observable.kind(), &Kind::Other("file-path".into()));
    let from = records[0].claims[0].valid_from.map(|time| time.to_string());
    assert_eq!(from.as_deref(), Some("2021-06-28T00:00:00.000Z"));
}

#[test]
fn an_unknown_tlp_is_never_taken_for_an_open_one() {
    let collected = csv("ip,tlp\n203.0.113.48,YELLOW\n");
    let record = collected.decoded()[0];
    assert!(record.marking.unknown);
    assert_eq!(&*record.losses[0].what, "tlp");
}

#[test]
fn several_hashes_of_a_row_are_one_record() {
    let (md5, sha256) = (
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    let collected =
        csv(&format!("file_name,md5_hash,sha256_hash,tags\na.exe,{md5},{sha256},\"emotet,heodo\"\n"));
    assert_eq!(collected.lines(), [format!("{md5} {sha256}")]);
    assert_eq!(collected.property(0, "labels"), serde_json::json!(["emotet", "heodo"]));
    assert_eq!(collected.property(0, "description"), "file_name: a.exe");
}

#[test]
fn what_is_only_seen_with_the_value_is_observed() {
    let collected = csv(
        "timestamp,ip,hostname,asn,country\n2021-01-01 00:00:00,203.0.113.48,host.example.com,64496,FR\n",
    );
    let claims: Vec<(&str, Stance)> =
        collected.decoded()[0].claims.iter().map(|c| (c.observable.value(), c.stance)).collect();
    assert_eq!(claims, [("203.0.113.48", Stance::Malicious), ("host.example.com", Stance::Observed)]);
    assert_eq!(collected.property(0, "pattern"), "[ipv4-addr:value = '203.0.113.48']");
    assert!(collected.decoded()[0].hints.is_empty(), "the country of an address is no target");
    // Without an address the name is what the row is about.
    let alone = csv("timestamp,ip,hostname\n2021-01-01 00:00:00,,host.example.com\n");
    assert_eq!(alone.decoded()[0].claims[0].stance, Stance::Malicious);
}

#[test]
fn a_victims_country_is_a_target() {
    let collected = csv("ip,victim country\n203.0.113.48,fr\n");
    assert_eq!(collected.decoded()[0].hints, [Hint::TargetsCountry(Country::new("FR").unwrap())]);
}

#[test]
fn without_known_names_the_values_tell() {
    let collected =
        csv("evil.example.com,Domain used by a family,2016-11-10,http://x.example.org/manual.txt\n\
         two.example.com,Domain used by a family,2016-11-11,http://x.example.org/manual.txt\n");
    assert_eq!(collected.lines(), ["evil.example.com", "two.example.com"]);
    assert_eq!(collected.property(0, "external_references")[0]["url"], "http://x.example.org/manual.txt");
    assert_eq!(collected.property(0, "valid_from"), "2016-11-10T00:00:00.000Z");
    let named = csv("Thing;Remark of mine\nevil.example.com;x\ntwo.example.com;y\n");
    assert_eq!(named.lines(), ["evil.example.com", "two.example.com"]);
}

#[test]
fn a_comment_may_name_the_columns() {
    let bars =
        csv("# made today\n#category|address|asn|timestamp\n\nbot|203.0.113.1|64496|2019-03-22 11:18:52\n");
    assert_eq!(bars.lines(), ["203.0.113.1"]);
    assert_eq!(bars.property(0, "labels"), serde_json::json!(["bot"]));
    let zeek = read(
        Format::Tsv,
        b"#fields\tindicator\tindicator_type\tmeta.source\nevil.example.com/x\tIntel::URL\tme\n192.0.2.1\tIntel::ADDR\tme\n",
    );
    assert_eq!(zeek.lines(), ["http://evil.example.com/x", "192.0.2.1"]);
}

#[test]
fn a_bad_row_costs_itself() {
    let collected = csv("ip,comment\n\
         192.0.2.1,\"two\nlines\"\n\
         not an address,x\n\
         ,empty\n\
         192.0.2.2,\"never closed\n\
         192.0.2.3,fine\n\
         192.0.2.4,\"fine, too\"\n");
    assert_eq!(
        collected.lines(),
        [
            "192.0.2.1",
            "! ip: not a value of the kind ipv4: is not an IP address",
            "! no column holds an observable: empty are ip",
            "! a quotation mark is opened and never closed",
            "192.0.2.3",
            "192.0.2.4",
        ]
    );
    let places: Vec<u64> = collected.records.iter().map(|(at, _)| at.line).collect();
    assert_eq!(places, [2, 4, 5, 6, 7, 8]);
    assert_eq!(collected.property(0, "description"), "two\nlines");
}

#[test]
fn blank_rows_and_repeated_headings_are_not_records() {
    let collected = csv("ip,comment\n192.0.2.1,x\n,\n  , \nip,comment\n192.0.2.2,y\n");
    assert_eq!(collected.lines(), ["192.0.2.1", "192.0.2.2"]);
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_the_rest() {
    let mut text = "ip,comment\n192.0.2.1,\"open\n".to_owned();
    for _ in 0..20_000 {
        text.push_str("192.0.2.2,fine\n");
    }
    let limits = Limits { record_bytes: 64 << 10, ..Limits::default() };
    let (collected, _) = read_with(Some(Format::Csv), None, limits, text.as_bytes());
    assert_eq!(collected.records.len(), 20_001);
    assert_eq!(collected.decoded().len(), 20_000);
}

#[test]
fn a_mapping_file_says_it_all() {
    let mapping = r#"
        delimiter = ";"
        header = false
        skip_lines = 1
        date_order = "day-first"

        [[observables]]
        column = 2
        kind = "ipv4"

        [[observables]]
        column = 3

        [columns]
        first_seen = 1
        labels = [4]
        target_country = 5
        confidence = 6
        valid_until = 7

        [constants]
        category = "c2-server"
        tlp = "green"
        pap = "amber"
        labels = ["mine"]
        stance = "observed"
    "#;
    let text = "a line of prose; with a delimiter\n\
                2/4/2022;203.0.113.1;evil.example.com;fam;FR;80%;2023-01-01\n\
                2/4/2022;203.0.113.2;;fam;;high;\n";
    let collected = mapped(mapping, text);
    assert_eq!(collected.lines(), ["203.0.113.1 evil.example.com", "203.0.113.2"]);
    let record = collected.decoded()[0];
    let claim = &record.claims[0];
    assert_eq!(
        (claim.stance, claim.category, claim.confidence),
        (Stance::Observed, Category::C2Server, Some(80))
    );
    assert_eq!(claim.valid_from.unwrap().to_string(), "2022-04-02T00:00:00.000Z");
    assert_eq!(claim.valid_until.unwrap().to_string(), "2023-01-01T00:00:00.000Z");
    assert_eq!((record.marking.tlp, record.marking.pap), (Some(Tlp::Green), Some(Pap::Amber)));
    assert_eq!(record.hints, [Hint::TargetsCountry(Country::new("FR").unwrap())]);
    assert_eq!(collected.decoded()[1].claims[0].confidence, Some(85));
}

#[test]
fn a_mapping_by_names_and_a_column_of_types() {
    let mapping = "[[observables]]\ncolumn = \"what\"\ntype_column = \"of kind\"\n";
    let collected = mapped(mapping, "when,what,of kind\nx,evil.example.com,FQDN\nx,a_mutex,mutex\n");
    let kinds: Vec<&Kind> = collected.decoded().iter().map(|r| r.claims[0].observable.kind()).collect();
    assert_eq!(kinds, [&Kind::Domain, &Kind::Other("mutex".into())]);
}

#[test]
fn errors_of_a_mapping_name_the_key() {
    for (text, parts) in [
        ("observables = []", &["observables", "at least one"][..]),
        ("[[observables]]\ncolumn = 1\ncolour = 2\n", &["colour", "unknown field"]),
        ("[[observables]]\ncolumn = 0\n", &["observables.column", "from 1 on"]),
        ("delimiter = \"ab\"\n[[observables]]\ncolumn = 1\n", &["delimiter", "one ASCII character"]),
        ("[[observables]]\ncolumn = 1\n[constants]\ntlp = \"blue\"\n", &["constants.tlp", "blue"]),
        ("[[observables]]\ncolumn = 1\n[constants]\ncategory = \"c3\"\n", &["constants.category", "RSIT"]),
        ("[[observables]]\ncolumn = 1\n[constants]\nconfidence = 101\n", &["constants.confidence", "100"]),
        ("[[observables]]\ncolumn = 1\n[columns]\nlabels = true\n", &["labels", "a list of columns"]),
        ("[[observables]]\ncolumn = 1\nkind = \"url\"\ntype_column = 2\n", &["observables.kind", "not both"]),
        ("header = maybe", &["header"]),
    ] {
        let error = Mapping::from_toml(text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

#[test]
fn json_objects_are_rows() {
    let array = read(
        Format::Json,
        br#"[ {"ip_address": "203.0.113.1", "port": 443, "first_seen": "2021-01-17 07:44:46", "malware": "Dridex"},
              {"ip_address": null}, "192.0.2.7", 5 ]"#,
    );
    assert_eq!(
        array.lines(),
        [
            "203.0.113.1",
            "! no column holds an observable: empty are ip_address, value",
            "192.0.2.7",
            "! not a JSON object"
        ]
    );
    let lines = read(
        Format::JsonLines,
        b"{\"url\": \"http://evil.example/\"}\n{\"url\": \n{\"url\": \"http://two.example/\"}\n",
    );
    assert_eq!(lines.decoded().len(), 2, "{:?}", lines.lines());
    let wrapped = read(
        Format::Json,
        br#"{"status": {"ok": true}, "data": [{"malware": {"hash": {"md5": "d41d8cd98f00b204e9800998ecf8427e"}}},
            {"indicator": "192.0.2.1"}], "errors": [{"code": 1}]}"#,
    );
    assert_eq!(wrapped.lines(), ["d41d8cd98f00b204e9800998ecf8427e", "192.0.2.1"]);
    assert_eq!(wrapped.records[1].0.line, 2, "a wrapped record knows its own place");
}

#[test]
fn json_that_is_cut_deep_or_long_costs_that_record() {
    let limits = Limits { record_bytes: 1000, depth: 8, ..Limits::default() };
    let deep = format!("{}1{}", "{\"a\":".repeat(50), "}".repeat(50));
    let long = format!("{{\"url\": \"http://x.example/{}\"}}", "a".repeat(2000));
    let text = format!(
        "[{{\"ip\": \"192.0.2.1\"}},\n{deep},\n{long},\n{{\"ip\": \"192.0.2.2\"}},\n{{\"ip\": \"192.0"
    );
    let (collected, _) = read_with(Some(Format::Json), None, limits, text.as_bytes());
    let lines = collected.lines();
    assert_eq!(collected.decoded().len(), 2, "{lines:?}");
    assert_eq!(lines.first().map(String::as_str), Some("192.0.2.1"));
    assert!(lines.iter().any(|line| line.contains("nested deeper than 8 levels")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("longer than the 1000 bytes")), "{lines:?}");
    assert!(lines.last().is_some_and(|line| line.contains("cut off")), "{lines:?}");
}

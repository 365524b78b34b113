//! Questions and their answers, without a socket.

use super::*;
use crate::server::wire::kind;

struct World {
    zone: Arc<Zone>,
    settings: ServerSettings,
    _folder: tempfile::TempDir,
}

/// What is seen of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    code: u8,
    records: u16,
    /// The code that explains a refusal, where there is one.
    explained: Option<u16>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let zone = zone(folder.path(), 3);
        let settings = ServerSettings { consumers: vec![consumer(&[(HERE, 32)])], catalog: None };
        Self { zone, settings, _folder: folder }
    }

    fn ask(&self, message: &[u8], from: IpAddr, stream: bool) -> Vec<Vec<u8>> {
        let clock: Clock = Arc::new(|| NOW);
        answers(std::slice::from_ref(&self.zone), &self.settings, &clock, message, from, stream)
    }

    fn one(&self, question: Question, from: IpAddr, stream: bool) -> Seen {
        let sent = question.bytes();
        let all = self.ask(&sent, from, stream);
        let [answer] = &all[..] else { panic!("{} messages", all.len()) };
        assert_eq!((&answer[..2], answer[2] & 0xf9), (&sent[..2], 0x81 | question.opcode << 3));
        // The end of an answer with EDNS: the option, or none.
        let explained = match answer.last_chunk::<8>() {
            Some(&[0, 6, 0, 15, 0, 2, high, low]) => Some(u16::from_be_bytes([high, low])),
            _ => None,
        };
        assert_eq!(answer[11], u8::from(question.edns.is_some()), "EDNS is answered where it is asked with");
        Seen { code: answer[3] & 15, records: u16::from_be_bytes([answer[6], answer[7]]), explained }
    }
}

#[test]
fn each_question_has_its_answer() {
    let world = World::new();
    let served = world.zone.serial();
    let edns = |question| Question { edns: Some(0), ..question };
    let of = |kind| edns(Question::new("rpz.test", kind));
    let since = |serial| Question { has: Some(serial), ..of(kind::IXFR) };
    let stranger = IpAddr::from([192, 0, 2, 1]);
    let (ahead, unknown) = (Serial(served.0 + 9), Serial(served.0 - 9));
    // NOERROR 0, FORMERR 1, NOTIMP 4, REFUSED 5; 6 records are three names, each twice.
    for (what, question, from, stream, code, records, explained) in [
        ("SOA", of(kind::SOA), HERE, false, 0, 1, None),
        ("SOA, in capitals", edns(Question::new("RPZ.Test", kind::SOA)), HERE, false, 0, 1, None),
        ("SOA, a mapped address", of(kind::SOA), "::ffff:127.0.0.1".parse().unwrap(), false, 0, 1, None),
        ("NS", of(kind::NS), HERE, false, 0, 1, None),
        ("the whole zone", of(kind::AXFR), HERE, true, 0, 6 + 3, None),
        ("the whole zone in a packet", of(kind::AXFR), HERE, false, 1, 0, Some(21)),
        ("a name in the zone", edns(Question::new("n1.example.rpz.test", 1)), HERE, false, 5, 0, Some(20)),
        ("another type", of(kind::TXT), HERE, false, 5, 0, Some(21)),
        ("another zone", edns(Question::new("other.test", kind::SOA)), HERE, false, 5, 0, Some(20)),
        ("another class", Question { class: 3, ..of(kind::SOA) }, HERE, false, 5, 0, Some(21)),
        ("notify", Question { opcode: 4, ..of(kind::SOA) }, HERE, false, 4, 0, Some(21)),
        ("update", Question { opcode: 5, ..of(kind::SOA) }, HERE, false, 4, 0, Some(21)),
        ("a stranger", of(kind::SOA), stranger, false, 5, 0, Some(18)),
        ("a stranger, no zone", edns(Question::new("other.test", 6)), stranger, false, 5, 0, Some(18)),
        ("a stranger's notify", Question { opcode: 4, ..of(kind::SOA) }, stranger, false, 5, 0, Some(18)),
        ("a later EDNS", Question { edns: Some(1), ..of(kind::SOA) }, HERE, false, 0, 0, None),
        ("without EDNS", Question::new("other.test", kind::SOA), HERE, false, 5, 0, None),
        ("what it has", since(served), HERE, true, 0, 1, None),
        ("what is ahead", since(ahead), HERE, true, 0, 1, None),
        ("from an unknown serial", since(unknown), HERE, true, 0, 6 + 3, None),
        ("from no serial", of(kind::IXFR), HERE, true, 0, 6 + 3, None),
        ("a difference in a packet", since(unknown), HERE, false, 0, 1, None),
    ] {
        assert_eq!(world.one(question, from, stream), Seen { code, records, explained }, "{what}");
    }
}

#[test]
fn a_later_edns_is_told_so() {
    let question = Question { edns: Some(1), ..Question::new("rpz.test", kind::SOA) };
    let all = World::new().ask(&question.bytes(), HERE, false);
    // BADVERS is 16: its upper bits stand in OPT (RFC 6891, section 6.1.3).
    assert!(all[0].ends_with(&[0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0]), "{:?}", all[0]);
}

#[test]
fn a_difference_is_what_changed() {
    let world = World::new();
    let before = world.zone.serial();
    world
        .zone
        .apply(&[Change::put("new.example", Action::NoData), Change::remove("n1.example")], NOW)
        .unwrap();
    let question = Question { has: Some(before), ..Question::new("rpz.test", kind::IXFR) };
    // Four SOA records, and two of each name.
    assert_eq!(world.one(question, HERE, true), Seen { code: 0, records: 4 + 4, explained: None });
}

#[test]
fn a_stage_whose_hold_is_unknown_is_not_ready() {
    let mut world = World::new();
    world.settings.consumers[0].stage = 1;
    world.zone.hold(1, Some(Serial(5))).unwrap();
    let question = Question { edns: Some(0), ..Question::new("rpz.test", kind::SOA) };
    assert_eq!(world.one(question, HERE, false), Seen { code: 2, records: 0, explained: Some(14) });
}

#[test]
fn what_is_no_question_is_not_answered_or_called_malformed() {
    let world = World::new();
    let good = Question { edns: Some(0), ..Question::new("rpz.test", kind::SOA) }.bytes();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        world.ask(&bytes, HERE, false)
    };
    assert!(with(&|bytes| bytes[2] |= 0x80).is_empty(), "an answer");
    for length in 0..12 {
        assert!(with(&|bytes| bytes.truncate(length)).is_empty(), "{length} bytes");
    }
    for length in 12..good.len() {
        let answer = with(&|bytes| bytes.truncate(length));
        assert_eq!(answer, [[&good[..2], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]].concat()], "{length} bytes");
    }
    for (what, change) in [
        ("something behind it", &(|bytes: &mut Vec<u8>| bytes.push(0)) as &dyn Fn(&mut Vec<u8>)),
        ("two questions", &|bytes| bytes[5] = 2),
        ("no question", &|bytes| bytes[5] = 0),
        ("a name that leads to itself", &|bytes| bytes[12..14].copy_from_slice(&[0xc0, 12])),
        ("two OPT records", &|bytes| {
            bytes[11] = 2;
            bytes.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        }),
    ] {
        let answer = with(change);
        assert_eq!((answer.len(), answer[0][3]), (1, 1), "{what}");
    }
}

#[test]
fn many_names_are_many_messages_of_an_unbroken_zone() {
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    world.zone = zone(folder.path(), 5_000);
    let all = world.ask(&Question::new("rpz.test", kind::AXFR).bytes(), HERE, true);
    let records: usize = all.iter().map(|m| usize::from(u16::from_be_bytes([m[6], m[7]]))).sum();
    assert_eq!(records, 2 * 5_000 + 3);
    assert!(all.len() > 10 && all.iter().all(|message| message.len() <= 0x4000), "{}", all.len());
    // A message is full: but for the last, none is much shorter.
    assert!(all.iter().rev().skip(1).all(|message| message.len() > 0x3800));
}

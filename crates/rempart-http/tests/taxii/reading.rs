//! Objects, manifest, one object, its versions: what is in them, and what filters leave of them.

use serde_json::{Value, json};

use crate::client::{Client, Reply, encode};
use crate::world::{
    ADDRESS, AMBER_ONE, GREEN, INDICATORS, MALWARE, OLD, RED_ONE, THREE, VERSIONED, collection, id,
    indicator, shared,
};

fn objects(client: &Client, query: &str) -> Reply {
    client.get(&format!("{}objects/?{query}", collection(client, "all")))
}

fn is_date(text: &str) -> bool {
    text.len() == 27 && text.as_bytes()[19] == b'.' && text.ends_with('Z')
}

#[test]
fn a_page_says_when_its_first_and_last_came() {
    let client = &shared().north;
    let all = collection(client, "all");
    let manifest = client.get(&format!("{all}manifest/")).json();
    let records = manifest["objects"].as_array().unwrap();
    let dates: Vec<&str> = records.iter().map(|record| record["date_added"].as_str().unwrap()).collect();
    assert!(dates.iter().all(|date| is_date(date)), "{dates:?}");
    assert!(
        dates.windows(2).all(|pair| pair[0] < pair[1]),
        "each date is later than the one before: {dates:?}"
    );
    for path in ["manifest/", "objects/"] {
        let reply = client.get(&format!("{all}{path}"));
        assert_eq!(reply.header("x-taxii-date-added-first"), dates.first().copied(), "{path}");
        assert_eq!(reply.header("x-taxii-date-added-last"), dates.last().copied(), "{path}");
        assert_eq!(reply.json()["more"], json!(false), "{path}");
        assert_eq!(reply.json().get("next"), None, "{path}");
    }
    for path in
        [format!("{all}objects/{}/", id(VERSIONED)), format!("{all}objects/{}/versions/", id(VERSIONED))]
    {
        let reply = client.get(&path);
        for name in ["x-taxii-date-added-first", "x-taxii-date-added-last"] {
            assert!(dates.contains(&reply.header(name).unwrap()) || path.ends_with("versions/"), "{path}");
            assert!(is_date(reply.header(name).unwrap()), "{path}");
        }
    }
}

#[test]
fn the_manifest_lists_what_the_objects_are() {
    let client = &shared().north;
    let all = collection(client, "all");
    let manifest = client.get(&format!("{all}manifest/"));
    assert_eq!(manifest.ids(), objects(client, "").ids());
    let read = manifest.json();
    let record = |id: &str| {
        read["objects"].as_array().unwrap().iter().find(|record| record["id"] == id).cloned().unwrap()
    };
    let versioned = record(&id(VERSIONED));
    assert_eq!(versioned["version"], THREE[2]);
    assert_eq!(versioned["media_type"], "application/stix+json;version=2.1");
    assert_eq!(record(ADDRESS)["version"], "1970-01-01T00:00:00.000Z");
    let old = client.get(&format!("{all}manifest/?match[spec_version]=2.0")).json();
    assert_eq!(old["objects"][0]["media_type"], "application/stix+json;version=2.0");
}

#[test]
fn objects_are_served_byte_for_byte() {
    let client = &shared().north;
    let all = collection(client, "all");
    let text = client.get(&format!("{all}objects/{}/", id(3))).text();
    let wanted = indicator(3, "2024-01-01T00:00:00.000Z", GREEN);
    assert_eq!(text, format!("{{\"objects\":[{wanted}],\"more\":false}}"));
    assert!(objects(client, "").text().contains(&wanted));
}

#[test]
fn each_member_sees_what_it_may() {
    let table: [(&Client, usize, bool); 4] = [
        (&shared().north, AMBER_ONE, true),
        (&shared().south, AMBER_ONE, false),
        (&shared().north, RED_ONE, false),
        (&shared().south, RED_ONE, false),
    ];
    for (client, number, sees) in table {
        let all = collection(client, "all");
        assert_eq!(objects(client, "").ids().contains(&id(number)), sees, "{number}");
        assert_eq!(client.get(&format!("{all}manifest/")).ids().contains(&id(number)), sees, "{number}");
        let filtered = objects(client, &format!("match[id]={}", id(number)));
        for path in
            [format!("{all}objects/{}/", id(number)), format!("{all}objects/{}/versions/", id(number))]
        {
            let reply = client.get(&path);
            if sees {
                assert_eq!(reply.status, 200, "{path}");
            } else {
                // The same answer as for what was never there, but for the time.
                reply.assert_error(404, &path);
                assert_eq!(reply.body, client.get(&path.replace(&id(number), &id(778))).body);
            }
        }
        if !sees {
            assert_eq!(filtered.text(), "{}");
        }
    }
}

#[test]
fn filters_narrow_each_other() {
    let client = &shared().north;
    let ids = |numbers: &[usize]| numbers.iter().map(|number| id(*number)).collect::<Vec<_>>();
    let old = vec![OLD.to_owned()];
    let table: [(String, Vec<String>); 14] = [
        (format!("match[id]={}", id(4)), ids(&[4])),
        (format!("match%5Bid%5D={}", encode(&format!("{},{}", id(5), id(4)))), ids(&[4, 5])),
        (format!("match[id]={},{}", id(4), id(777)), ids(&[4])),
        ("match[type]=malware".into(), vec![MALWARE.into()]),
        ("match[type]=ipv4-addr%2Cmalware".into(), vec![MALWARE.into(), ADDRESS.into()]),
        (format!("match[type]=indicator&match[id]={},{MALWARE}", id(4)), ids(&[4])),
        (format!("match[type]=malware&match[id]={}", id(4)), vec![]),
        ("match[type]=x-nothing".into(), vec![]),
        (format!("match[version]={}", encode(THREE[0])), {
            let mut all = ids(&(0..INDICATORS).collect::<Vec<_>>());
            all.extend(ids(&[VERSIONED, AMBER_ONE]));
            all.push(MALWARE.into());
            all
        }),
        (format!("match[version]={}", THREE[1]), ids(&[VERSIONED])),
        ("match[version]=1970-01-01T00:00:00.000Z".into(), vec![ADDRESS.into()]),
        ("match[spec_version]=2.0".into(), old.clone()),
        ("match[spec_version]=3.0".into(), vec![]),
        (format!("match[colour]=red&match[id]={}", id(4)), ids(&[4])),
    ];
    for (query, expected) in table {
        let reply = objects(client, &query);
        assert_eq!(reply.status, 200, "{query} {reply:?}");
        // Objects of one import come in any order.
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        let expected = sorted(expected);
        assert_eq!(sorted(reply.ids()), expected, "{query}");
        if expected.is_empty() {
            assert_eq!(reply.text(), "{}", "{query}");
            assert_eq!(reply.header("x-taxii-date-added-first"), None, "{query}");
            assert_eq!(reply.header("x-taxii-date-added-last"), None, "{query}");
        }
        let manifest = client.get(&format!("{}manifest/?{query}", collection(client, "all")));
        assert_eq!(sorted(manifest.ids()), expected, "{query}");
    }
}

#[test]
fn versions_are_chosen() {
    let client = &shared().north;
    let all = collection(client, "all");
    let one = format!("{all}objects/{}/", id(VERSIONED));
    let table: [(String, &[&str]); 9] = [
        ("".into(), &THREE[2..]),
        ("match[version]=last".into(), &THREE[2..]),
        ("match[version]=first".into(), &THREE[..1]),
        ("match[version]=first,last".into(), &[THREE[0], THREE[2]]),
        ("match[version]=all".into(), &THREE),
        (format!("match[version]={}", THREE[1]), &THREE[1..2]),
        (format!("match[version]={},first", THREE[1]), &THREE[..2]),
        ("match[version]=2001-01-01T00:00:00Z".into(), &[]),
        ("match[version]=all&match[spec_version]=2.1".into(), &THREE),
    ];
    for (query, expected) in table {
        let modified = |reply: &Reply| -> Vec<String> {
            let page = reply.json();
            let list = page.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
            list.iter().map(|object| object["modified"].as_str().unwrap().to_owned()).collect()
        };
        let reply = client.get(&format!("{one}?{query}"));
        assert_eq!(reply.status, 200, "{query}");
        assert_eq!(modified(&reply), expected, "{query}");
        let same = objects(client, &format!("match[id]={}&{query}", id(VERSIONED)));
        assert_eq!(modified(&same), expected, "{query}");
    }
    let versions = client.get(&format!("{one}versions/"));
    assert_eq!(versions.json(), json!({"versions": THREE, "more": false}));
    let ignored = client.get(&format!("{one}versions/?match[version]=last&match[type]=malware"));
    assert_eq!(ignored.body, versions.body);
    let of_address = client.get(&format!("{all}objects/{ADDRESS}/versions/")).json();
    assert_eq!(of_address["versions"], json!(["1970-01-01T00:00:00.000Z"]));
    assert_eq!(client.get(&format!("{one}?match[spec_version]=2.0")).text(), "{}");
    assert_eq!(client.get(&format!("{one}versions/?match[spec_version]=2.0")).text(), "{}");
}

#[test]
fn what_came_as_stix_20_has_both_forms() {
    let client = &shared().north;
    let one = format!("{}objects/{OLD}/", collection(client, "all"));
    let new = client.get(&one).json();
    assert_eq!(new["objects"][0]["spec_version"], "2.1");
    assert_eq!(new["objects"][0]["pattern_type"], "stix");
    let old = client.get(&format!("{one}?match[spec_version]=2.0")).json();
    assert_eq!(old["objects"][0].get("spec_version"), None);
    assert_eq!(old["objects"][0]["labels"], json!(["malicious-activity"]));
    for both in ["2.0,2.1", "2.1"] {
        assert_eq!(client.get(&format!("{one}?match[spec_version]={both}")).json(), new, "{both}");
    }
}

#[test]
fn malformed_parameters_are_refused_everywhere() {
    let client = &shared().north;
    let all = collection(client, "all");
    let places = [
        format!("{all}objects/"),
        format!("{all}manifest/"),
        format!("{all}objects/{}/", id(VERSIONED)),
        format!("{all}objects/{}/versions/", id(VERSIONED)),
    ];
    let queries = [
        "limit=0",
        "limit=-1",
        "limit=abc",
        "limit=",
        "limit=1&limit=2",
        "limit=1.5",
        "added_after=yesterday",
        "added_after=2024-01-01T00:00:00+01:00",
        "added_after=2024-01-01T00:00:00Z&added_after=2024-01-01T00:00:00Z",
        "added_after=",
        "next=nonsense",
        "next=",
        "match[version]=all,first",
        "match[version]=soon",
        "match%5Bversion%5D=last&match[version]=last",
        "match[spec_version]=two",
        "match[type]=",
        "match[id]=not-an-id",
        "limit=%zz",
    ];
    for place in &places {
        for query in queries {
            client.get(&format!("{place}?{query}")).assert_error(400, &format!("{place} {query}"));
        }
    }
    let long = "x".repeat(13_000);
    client.get(&format!("{all}objects/?match[type]={long}")).assert_error(414, "a very long filter");
}

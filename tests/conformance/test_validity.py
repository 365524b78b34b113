"""Everything that is served is valid STIX, whatever format it came in."""

import collections
import json
import os
import random
from pathlib import Path

import pytest
from stix2validator import ValidationOptions, validate_parsed_json

from instance import ROOT
from stix import indicators

#: Objects of each type and source that are validated.
SAMPLE = 250

INPUTS = {
    "plain.txt": b"198.51.100.7\nbad.example.org\n# a comment\nhttp://evil.example.net/a?b=c\n"
                 b"d41d8cd98f00b204e9800998ecf8427e\n2001:db8::1\n203.0.113.0/24\n",
    "hosts": b"# hosts\n0.0.0.0 tracker.example.org\n127.0.0.1 phish.example.net # why\n",
    "block.txt": b"[Adblock Plus]\n! a list\n||ads.example.org^\n||malware.example.net^$third-party\n",
    "table.csv": "url,first_seen,threat\nhttp://a.example.org/x,2025-01-01 10:00:00,botnet_cc\n"
                 "http://b\u00fccher.example.org/y,2025-01-02 10:00:00,phishing\n".encode(),
    "lines.jsonl": b'{"ip":"198.51.100.9","first_seen":"2025-01-01T00:00:00Z"}\n{"ip":"198.51.100.10"}\n',
    "report.md": b"# Report\n\nThe C2 was hxxp://evil[.]example[.]com/gate.php, at 198[.]51[.]100[.]23.\n\n"
                 b"| SHA-256 |\n|---|\n| e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 |\n",
}

#: As many of each kind as are validated.
INPUTS["plain.txt"] += b"".join(b"198.18.%d.%d\nhost%d.example.org\n" % (n // 200, n % 200, n) for n in range(300))
INPUTS["table.csv"] += b"".join(
    b"http://h%d.example.org/x,2025-01-01 10:00:00,botnet_cc\n" % n for n in range(300))
INPUTS["lines.jsonl"] += b"".join(
    b'{"ip":"203.0.113.%d","first_seen":"2025-01-01T00:00:00Z"}\n' % n for n in range(250))

MISP = {
    "Event": {
        "uuid": "5c1d0c1a-7d44-4a6e-9d2d-0a0a0a0a0a0a", "info": "An event \u2013 with text", "date": "2025-01-01",
        "timestamp": "1735689600", "published": True, "threat_level_id": "2", "analysis": "2", "distribution": "3",
        "Orgc": {"name": "CERT", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"},
        "Tag": [{"name": "tlp:green"}, {"name": 'admiralty-scale:source-reliability="b"'}],
        "Attribute": [
            {"uuid": f"5c1d0c1a-7d44-4a6e-9d2d-{number:012d}", "type": kind, "category": "Network activity",
             "value": value, "to_ids": to_ids, "timestamp": "1735689600", "comment": "seen", "distribution": "5"}
            for number, (kind, value, to_ids) in enumerate([
                ("ip-dst", "198.51.100.40", True), ("domain", "c2.example.org", True), ("url", "http://c2.example.org/x", True),
                ("md5", "d41d8cd98f00b204e9800998ecf8427e", True), ("email-src", "a@example.org", True),
                ("filename|sha1", "x.exe|da39a3ee5e6b4b0d3255bfef95601890afd80709", True),
                ("ip-dst|port", "198.51.100.41|8080", True), ("AS", "64496", False), ("text", "words", False),
                ("link", "https://example.org/report", False), ("vulnerability", "CVE-2024-0001", False),
            ])
        ],
    }
}

OLD = {
    "type": "bundle", "id": "bundle--2e7a3d2e-1111-4222-8333-444455556666", "spec_version": "2.0",
    "objects": [
        {"type": "indicator", "id": "indicator--2e7a3d2e-1111-4222-8333-00000000000a", "labels": ["malicious-activity"],
         "created": "2017-01-01T00:00:00.000Z", "modified": "2017-01-01T00:00:00.000Z",
         "pattern": "[file:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
         "valid_from": "2017-01-01T00:00:00Z"},
        {"type": "malware", "id": "malware--2e7a3d2e-1111-4222-8333-00000000000b", "labels": ["ransomware"],
         "created": "2017-01-01T00:00:00.000Z", "modified": "2017-01-01T00:00:00.000Z", "name": "Old"},
        {"type": "observed-data", "id": "observed-data--2e7a3d2e-1111-4222-8333-00000000000c",
         "created": "2017-01-01T00:00:00.000Z", "modified": "2017-01-01T00:00:00.000Z",
         "first_observed": "2017-01-01T00:00:00Z", "last_observed": "2017-01-01T00:00:00Z", "number_observed": 2,
         "objects": {"0": {"type": "ipv4-addr", "value": "198.51.100.3"},
                     "1": {"type": "domain-name", "value": "old.example.org", "resolves_to_refs": ["0"]}}},
        {"type": "report", "id": "report--2e7a3d2e-1111-4222-8333-00000000000d", "labels": ["threat-report"],
         "created": "2017-01-01T00:00:00.000Z", "modified": "2017-01-01T00:00:00.000Z", "name": "Old report",
         "published": "2017-01-01T00:00:00Z", "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
         "object_refs": ["malware--2e7a3d2e-1111-4222-8333-00000000000b"]},
        {"type": "marking-definition", "id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
         "created": "2017-01-20T00:00:00.000Z", "definition_type": "tlp", "definition": {"tlp": "green"}},
    ],
}


@pytest.fixture(scope="module")
def served(make_instance, tmp_path_factory):
    """Objects by where they came from."""
    folder = tmp_path_factory.mktemp("inputs")
    instance = make_instance()
    key = instance.member("Reader", country="DE")
    for file_name, content in {**INPUTS, "event.json": json.dumps(MISP).encode(), "old.json": json.dumps(OLD).encode()}.items():
        path = folder / file_name
        path.write_bytes(content)
        account = instance.load(file_name, paths=[path])
        assert account["objects"] > 0, (file_name, account)
    instance.load("generated", list(indicators(500)))
    fixtures = sorted((ROOT / "crates/rempart-formats/fixtures/misp").glob("*.json"))
    if fixtures:
        instance.load("fixtures", paths=fixtures, partial=True)
    data = os.environ.get("REMPART_TEST_DATA")
    if data:
        paths = [Path(data) / part for part in
                 ["feeds/misp-anssi", "extract/talos/2023", "feeds/csv-vendor", "ref/formats/intelmq-feed-samples"]]
        for path in filter(Path.exists, paths):
            instance.load(path.name, paths=[path], partial=True)
    else:
        print("REMPART_TEST_DATA is not set: real feeds are left out")
    instance.serve()
    session = instance.session(key)
    url = instance.collection(key, "all") + "objects/"
    objects, query = [], {"limit": 5000}
    while True:
        page = session.get(url, params=query).json()
        objects += page.get("objects", [])
        if not page.get("more"):
            break
        query = {"limit": 5000, "next": page["next"]}
    return objects


def test_there_is_much_to_validate(served):
    kinds = collections.Counter(each["type"] for each in served)
    assert kinds["indicator"] > 500, kinds
    assert len(kinds) >= 5, kinds
    assert all(each.get("spec_version") == "2.1" for each in served)


def test_what_is_served_is_valid(served):
    groups = collections.defaultdict(list)
    for each in served:
        # What was minted from different formats differs in its properties.
        groups[each["type"], tuple(sorted(each))].append(each)
    chooser = random.Random(11)
    options = ValidationOptions(version="2.1", strict=False)
    checked, failures = 0, []
    for group in groups.values():
        for each in chooser.sample(group, min(SAMPLE, len(group))):
            checked += 1
            result = validate_parsed_json(each, options)
            if not result.is_valid:
                failures.append((each["id"], [str(error) for error in result.errors], each))
    print(f"validated {checked} of {len(served)} objects in {len(groups)} shapes")
    assert checked >= 600
    by_reason = collections.Counter(reason for _, reasons, _ in failures for reason in reasons)
    assert not failures, f"{len(failures)} of {checked}: {by_reason.most_common(10)}\n{failures[0]}"

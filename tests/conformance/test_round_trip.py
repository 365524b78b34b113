"""What came in goes out unchanged: real STIX, byte for byte per object."""

import json
import os
from pathlib import Path

import pytest

from stix import cut

DATA = os.environ.get("REMPART_TEST_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="skipped: REMPART_TEST_DATA is not set")

SETS = {
    "attack-ics": "ref/attack/ics-attack-*.stix21.json.zst",
    "attack-mobile": "ref/attack/mobile-attack-*.stix21.json.zst",
    "amnesty": "extract/amnesty/**/*.stix*",
    "disarm": "ref/fimi/disarm/**/*.json",
    "examples": "ref/formats/stix21/**/*.json",
    "talos": "extract/talos/2023/**/*.json",
    "attack-enterprise": "ref/attack/enterprise-attack-*.stix20.json.zst",
}


def text_of(path):
    if path.suffix == ".zst":
        import zstandard

        with path.open("rb") as file:
            return zstandard.ZstdDecompressor().stream_reader(file).read().decode()
    return path.read_text(encoding="utf-8-sig")


def version(each):
    return each.get("modified") or each.get("created") or ""


@pytest.mark.parametrize("source", SETS)
def test_round_trip(make_instance, source):
    paths = sorted(Path(DATA).glob(SETS[source]))
    if not paths:
        pytest.skip(f"skipped: no {SETS[source]} in REMPART_TEST_DATA")
    instance = make_instance()
    key = instance.member("Reader", country="DE")
    # Two forms are told apart by where they are asked for; what is 2.0 is compared as 2.0.
    sent = {"2.0": {}, "2.1": {}}
    bundles = []
    for path in paths:
        try:
            text = text_of(path)
            parsed = json.loads(text)
        except ValueError:
            continue
        if not isinstance(parsed, dict) or parsed.get("type") != "bundle":
            continue
        bundles.append(path)
        for piece in cut(text):
            each = json.loads(piece)
            spec = each.get("spec_version", parsed.get("spec_version", "2.1"))
            sent[spec].setdefault((each["id"], version(each)), []).append(piece)
    if not bundles:
        pytest.skip(f"skipped: no bundle in {SETS[source]}")
    account = instance.load(source, paths=bundles, partial=True)
    total = sum(len(pieces) for form in sent.values() for pieces in form.values())
    assert account["records"] == total, account
    instance.serve()
    session = instance.session(key)
    url = instance.collection(key, "all") + "objects/"
    matched = 0
    for spec, wanted in sent.items():
        served, query = {}, {"limit": 2000, "match[version]": "all", "match[spec_version]": spec}
        while True:
            text = session.get(url, params=query).content.decode()
            page = json.loads(text)
            for piece in cut(text) if "objects" in page else []:
                each = json.loads(piece)
                served.setdefault((each["id"], version(each)), []).append(piece)
            if not page.get("more"):
                break
            query["next"] = page["next"]
        missing = [name for name in wanted if name not in served]
        assert len(missing) <= account["rejected"], (missing[:5], account)
        for name, pieces in wanted.items():
            if name in served:
                assert len(served[name]) == 1, name
                assert served[name][0] in pieces, (name, served[name][0], pieces[0])
                matched += 1
    print(f"{source}: {matched} objects byte for byte, {account['rejected']} rejected, {account['duplicates']} duplicates")
    assert matched + account["rejected"] + account["duplicates"] + account.get("conflicts", 0) >= total
    assert matched > 0


def test_zstd_is_read_alike(make_instance, tmp_path):
    """The same bundle, packed and not, is the same objects."""
    paths = sorted(Path(DATA).glob(SETS["attack-ics"]))
    if not paths:
        pytest.skip("skipped: no ATT&CK in REMPART_TEST_DATA")
    plain = tmp_path / "ics.json"
    plain.write_text(text_of(paths[0]))
    instance = make_instance()
    first = instance.load("attack", paths=paths[:1])
    again = instance.load("attack", paths=[plain])
    assert first["objects"] > 1000
    assert (again["objects"], again["duplicates"]) == (0, first["records"] - first["rejected"]), again

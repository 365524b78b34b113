"""What taxii2-client does, call by call."""

import json
import uuid

import pytest
import requests
from taxii2client.common import TokenAuth
from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

from stix import cut, indicators

COUNT = 250


@pytest.fixture(scope="module")
def world(make_instance):
    instance = make_instance()
    key = instance.member("Reader", country="DE")
    objects = list(indicators(COUNT))
    instance.load("feed", objects)
    later = json.loads(objects[0])
    later["modified"] = "2026-01-01T00:00:00.000Z"
    instance.load("feed", [json.dumps(later)])
    instance.serve()
    return instance, key, objects


@pytest.fixture(scope="module")
def collections(world):
    instance, key, _ = world
    server = Server(f"{instance.url}/taxii2/", user="anybody", password=key)
    return {each.title.split(": ")[-1]: each for each in server.default.collections}


@pytest.fixture(scope="module")
def everything(collections):
    return collections["all that it may see"]


@pytest.fixture(scope="module")
def contribute(collections):
    return collections["its contributions"]


def ids(envelope):
    return [each["id"] for each in envelope.get("objects", [])]


def test_server_and_root(world):
    instance, key, _ = world
    server = Server(f"{instance.url}/taxii2/", user="anybody", password=key)
    assert server.title
    assert [root.url for root in server.api_roots] == [f"{instance.url}/api/"]
    # The client takes the default for unset unless it is, letter for letter, in the list.
    assert server.default is not None and server.default.url == f"{instance.url}/api/"
    root = ApiRoot(f"{instance.url}/api/", user="anybody", password=key)
    assert root.title and root.versions == ["application/taxii+json;version=2.1"]
    assert root.max_content_length >= 10_000_000
    assert len(root.collections) == 4


def test_token_authentication(world):
    instance, key, _ = world
    server = Server(f"{instance.url}/taxii2/", auth=TokenAuth(key))
    assert server.title
    with pytest.raises(requests.HTTPError) as refused:
        Server(f"{instance.url}/taxii2/", auth=TokenAuth("x" * 40)).title
    assert refused.value.response.status_code == 401


def test_collection_by_url(world, everything):
    instance, key, _ = world
    again = Collection(everything.url, user="anybody", password=key)
    assert (again.id, again.title) == (everything.id, everything.title)
    assert again.can_read and not again.can_write
    assert "application/stix+json;version=2.1" in again.media_types


def test_get_objects(world, everything):
    _, _, objects = world
    envelope = everything.get_objects()
    assert len(ids(envelope)) == COUNT
    assert set(ids(envelope)) == {json.loads(each)["id"] for each in objects}
    assert envelope["more"] is False and "next" not in envelope


@pytest.mark.parametrize("per_request", [0, 1, 7, 100, COUNT, 5000])
def test_as_pages(everything, per_request):
    if per_request == 1:
        pages = list(as_pages(everything.get_objects, per_request=1, type=["indicator"]))
        assert all(len(ids(page)) == 1 for page in pages)
    else:
        pages = list(as_pages(everything.get_objects, per_request=per_request))
    found = [each for page in pages for each in ids(page)]
    assert len(found) == len(set(found)) == COUNT


@pytest.mark.parametrize("per_request", [9, 100])
def test_manifest_pages_end(everything, per_request):
    pages = list(as_pages(everything.get_manifest, per_request=per_request))
    found = [each for page in pages for each in page["objects"]]
    assert len(found) == COUNT
    assert [each["id"] for each in found] == ids(everything.get_objects())
    dates = [each["date_added"] for each in found]
    assert dates == sorted(set(dates))


def test_filters(world, everything):
    _, _, objects = world
    some = [json.loads(each)["id"] for each in objects[3:6]]
    assert sorted(ids(everything.get_objects(id=some))) == sorted(some)
    assert ids(everything.get_objects(type="malware")) == []
    first = json.loads(objects[0])
    versions = everything.get_objects(id=first["id"], version="all")["objects"]
    assert [each["modified"] for each in versions] == [first["modified"], "2026-01-01T00:00:00.000Z"]
    assert everything.get_objects(id=first["id"], version="first")["objects"][0]["modified"] == first["modified"]
    dates = [each["date_added"] for each in everything.get_manifest()["objects"]]
    assert len(ids(everything.get_objects(added_after=dates[99]))) == COUNT - 100
    assert everything.get_objects(added_after=dates[-1]) == {}
    assert len(ids(everything.get_objects(spec_version="2.1"))) == COUNT


def test_get_object_and_versions(world, everything):
    _, _, objects = world
    second = json.loads(objects[1])
    assert everything.get_object(second["id"])["objects"] == [second]
    first = json.loads(objects[0])
    found = everything.object_versions(first["id"])
    assert found["versions"] == [first["modified"], "2026-01-01T00:00:00.000Z"]
    with pytest.raises(requests.HTTPError) as missing:
        everything.get_object(f"indicator--{uuid.UUID(int=0)}")
    assert missing.value.response.status_code == 404


def test_add_status_delete(world, contribute):
    instance, key, _ = world
    own = [json.loads(each) for each in indicators(3, start=10_000_000)]
    status = contribute.add_objects({"objects": own})
    assert isinstance(status, Status) and status.status == "complete"
    assert (status.total_count, status.success_count, status.failure_count) == (3, 3, 0)
    again = Status(f"{instance.url}/api/status/{status.id}/", user="anybody", password=key)
    assert again.success_count == 3 and len(again.successes) == 3
    assert sorted(ids(contribute.get_objects())) == sorted(each["id"] for each in own)
    status = contribute.add_objects({"objects": own[:1]})
    assert status.successes[0]["message"] == "Object already added"
    # What a reader of the answer checks: broken objects are failures of their own.
    status = contribute.add_objects({"objects": [own[0], {"type": "indicator", "id": "nonsense"}]})
    assert (status.success_count, status.failure_count) == (1, 1)
    contribute.delete_object(own[0]["id"])
    with pytest.raises(requests.HTTPError) as missing:
        contribute.get_object(own[0]["id"])
    assert missing.value.response.status_code == 404
    assert len(ids(contribute.get_objects())) == 2


def test_writing_where_one_may_not(everything, world):
    _, _, objects = world
    with pytest.raises(Exception, match="(?i)writ"):
        everything.add_objects({"objects": [json.loads(objects[0])]})


def test_served_as_it_came(world, everything):
    instance, key, objects = world
    text = instance.session(key).get(f"{everything.url}objects/?match[version]=all").text
    assert set(objects) <= set(cut(text))

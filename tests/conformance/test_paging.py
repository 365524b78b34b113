"""Walks through many objects in every way that clients walk, while the instance changes under them.

Nothing may be missing and nothing may come twice.
"""

import json
import os
import random
import threading

import pytest
from taxii2client.v21 import Collection, as_pages

from stix import AMBER, GREEN, indicators, name

COUNT = int(os.environ.get("REMPART_CONFORMANCE_OBJECTS", "100000"))
ROUNDS = 6
ROUND = 500


@pytest.fixture(scope="module")
def world(make_instance):
    """Half of the objects are AMBER. Three members: one that sees all, one whose constituency grows, one whose
    clearance is raised."""
    instance = make_instance()
    keys = {
        "all": instance.member("All"),
        "grows": instance.member("Grows", domains=["bank-alpha.fr"]),
        "raised": instance.member("Raised", clearance="green"),
    }
    account = instance.load("feed", list(make(COUNT)))
    assert account["objects"] == COUNT, account
    instance.serve()
    return instance, keys


def make(count, start=0):
    return indicators(count, start, marking=lambda number: AMBER if number % 2 else GREEN)


def ids(page):
    return [each["id"] for each in page.get("objects", [])]


class Walker(threading.Thread):
    """Walks until told that no more will come, and then to the end."""

    def __init__(self, instance, key, alias, style, path="objects/", some=COUNT // 4):
        super().__init__(name=f"{style} {path}")
        self.session = instance.session(key)
        self.base = instance.collection(key, alias) + path
        self.key = key
        self.style = style
        self.seen = []
        self.error = None
        self.last = None
        self.some = some
        self.halfway = threading.Event()
        self.no_more_comes = threading.Event()
        self.random = random.Random(style)

    def run(self):
        try:
            while True:
                ending = self.no_more_comes.is_set()
                self.walk({"added_after": self.last} if self.last else {})
                self.halfway.set()
                if ending:
                    return
                self.no_more_comes.wait(0.5)
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
            self.halfway.set()

    def walk(self, start):
        if self.style == "as_pages":
            # This client does not show headers: each of its walks begins where its manifest ended.
            return self.walk_as_pages(start)
        filters = {"match[type]": "indicator"}
        query = {**start, **filters, "limit": 1000}
        while True:
            reply = self.session.get(self.base, params=query)
            assert reply.status_code == 200, reply.text
            page = reply.json()
            self.take(page, reply.headers.get("X-TAXII-Date-Added-Last"))
            assert page.get("more", False) == ("next" in page), page.keys()
            if not page.get("more"):
                return None
            following = {"next": page["next"]}
            after = {"added_after": self.last}
            query = {
                "next": {**following, **start, **filters, "limit": 1000},
                "added_after": {**after, **filters, "limit": 1000},
                "both": {**following, **after, **filters, "limit": 1000},
                "dropped": following,
                "limits": {**following, **start, **filters, "limit": self.random.choice([1, 17, 900, 2500, 50_000])},
            }[self.style]

    def walk_as_pages(self, start):
        collection = Collection(self.base.replace("objects/", "").replace("manifest/", ""), user="x", password=self.key)
        manifest = self.base.endswith("manifest/")
        for page in as_pages(collection.get_manifest if manifest else collection.get_objects, per_request=1000, **start):
            if manifest:
                last = page["objects"][-1]["date_added"] if page.get("objects") else None
            elif page.get("objects"):
                found = collection.get_manifest(id=page["objects"][-1]["id"])
                last = found["objects"][-1]["date_added"]
            else:
                last = None
            self.take(page, last)
        return None

    def take(self, page, last):
        self.seen.extend(ids(page))
        if last:
            assert self.last is None or last > self.last, "dates only grow"
            self.last = last
        if len(self.seen) > self.some:
            self.halfway.set()


def test_nothing_missing_nothing_twice(world):
    instance, keys = world
    walkers = [
        Walker(instance, keys["all"], "all", style)
        for style in ["next", "added_after", "both", "dropped", "limits", "as_pages"]
    ]
    walkers.append(Walker(instance, keys["all"], "all", "as_pages", "manifest/"))
    walkers.append(Walker(instance, keys["all"], "all", "both", "manifest/"))
    growing = [Walker(instance, keys["grows"], "concerns", style, some=COUNT // 40)
               for style in ["next", "added_after", "dropped"]]
    raised = [Walker(instance, keys["raised"], "all", style) for style in ["next", "added_after", "limits"]]
    for walker in walkers + growing + raised:
        walker.start()

    # Meanwhile a writer brings more, a member contributes, and an administrator changes who sees what.
    written = []
    poster = instance.session(keys["all"])
    contribute = instance.collection(keys["all"], "contribute")
    for number in range(ROUNDS):
        objects = list(make(ROUND, COUNT + number * ROUND))
        account = instance.load("feed", objects)
        assert account["objects"] == ROUND, account
        written += objects
        if number == 1:
            instance.run("member", "add", "--name", "Late", "--country", "IT", "--kind", "national-csirt",
                         "--clearance", "amber")
        if number == 2:
            for walker in growing + raised:
                walker.halfway.wait(120)
            instance.run("member", "set", "--name", "Grows", "--domain", "bank-beta.fr")
        if number == 3:
            instance.run("member", "set", "--name", "Raised", "--clearance", "amber")
        if number == 4:
            own = list(make(200, 50_000_000))
            reply = poster.post(f"{contribute}objects/", data='{"objects":[' + ",".join(own) + "]}",
                                headers={"Content-Type": "application/taxii+json;version=2.1"})
            assert reply.status_code == 202 and reply.json()["success_count"] == 200, reply.text
            written += own
    for walker in walkers + growing + raised:
        walker.no_more_comes.set()
    for walker in walkers + growing + raised:
        walker.join(300)
        assert not walker.is_alive(), walker.name
        if walker.error:
            raise walker.error

    expected = {json.loads(each)["id"] for each in list(make(COUNT)) + written}
    concerned = {
        json.loads(each)["id"]
        for each in list(make(COUNT)) + written
        if "bank-alpha.fr" in each or "bank-beta.fr" in each
    }
    assert len(expected) == COUNT + ROUNDS * ROUND + 200
    for walker in walkers + raised:
        check(walker, expected)
    for walker in growing:
        check(walker, concerned)


def check(walker, expected):
    twice = len(walker.seen) - len(set(walker.seen))
    missing = expected - set(walker.seen)
    unknown = set(walker.seen) - expected
    assert (twice, len(missing), len(unknown)) == (0, 0, 0), f"{walker.name}: twice, missing, unknown"


def test_a_new_reader_finds_the_same(world):
    instance, keys = world
    walker = Walker(instance, keys["grows"], "concerns", "next")
    walker.no_more_comes.set()
    walker.run()
    if walker.error:
        raise walker.error
    assert len(walker.seen) == len(set(walker.seen)) > COUNT // 6
    assert name(0).endswith("bank-alpha.fr")

"""Blocking from end to end: from an import to what a real resolver answers, and back."""

import json
import shutil
import statistics
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
import requests

from resolver import NOERROR, NXDOMAIN, SERVFAIL, ask, free_port, wait_for


class Resolver:
    """Unbound with the zones, which answers for everything else from a zone of its own."""

    def __init__(self, folder, zones):
        self.port = free_port()
        text = f"""
server:
  interface: 127.0.0.1@{self.port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  do-not-query-localhost: no
  do-ip6: no
  module-config: "respip iterator"
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{free_port()}
"""
        for name in ["allow", "malware", "phishing", "other"]:
            text += (f"rpz:\n  name: {name}.rpz.rempart.invalid.\n  primary: 127.0.0.1@{zones}\n"
                     f"  allow-notify: 127.0.0.1\n  rpz-log: yes\n  rpz-log-name: {name}\n")
        self.file = folder / "unbound.conf"
        self.file.write_text(text)
        self.log = folder / "unbound.log"
        self.process = None

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["unbound", "-d", "-c", self.file], stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)

    def blocks(self, name):
        return ask(self.port, name) == NXDOMAIN


@pytest.fixture(scope="module")
def world(make_instance, tmp_path_factory):
    if not shutil.which("unbound"):
        pytest.skip("unbound is not installed")
    instance, zones = make_instance(), free_port()
    resolver = Resolver(tmp_path_factory.mktemp("unbound"), zones)
    instance.data.mkdir(parents=True)
    (instance.data / "rempart.toml").write_text(f"""
contact = "abuse@csirt.example"
[protect]
dns_listen = "127.0.0.1:{zones}"
suffix_days = 10000
lists_every = 1
protected = ["protected-name.com"]
allow = ["let-through.com"]
[[protect.consumer]]
name = "resolver"
networks = ["127.0.0.0/8"]
notify = ["127.0.0.1:{resolver.port}"]
""")
    for source in ["one", "two", "three"]:
        instance.run("source", "set", "--name", source, "--reliability", "A")
    resolver.start()
    instance.serve()
    yield instance, resolver
    resolver.stop()


def report(instance, *names, tlp="clear", sources=("one", "two", "three")):
    """Reliable sources say that names are malicious; three of them are enough."""
    for source in sources:
        instance.load(source, stdin="\n".join(names).encode() + b"\n", tlp=tlp)


def test_outputs_are_dry_until_a_person_makes_them_live(world):
    instance, resolver = world
    report(instance, "evil-first.com")
    preview = [json.loads(line) for line in instance.run("protect", "preview", "--json").splitlines()]
    assert [each["value"] for each in preview[:-1] if each["what"] == "add"] == ["evil-first.com"]
    assert preview[-1]["added"] == 1
    time.sleep(1.5)
    assert not resolver.blocks("evil-first.com")
    instance.run("protect", "live", "other")
    wait_for("the block", lambda: resolver.blocks("evil-first.com"))
    assert resolver.blocks("www.evil-first.com")


def test_a_report_reaches_the_resolver_within_a_second_and_leaves_it_as_fast(world):
    instance, resolver = world
    added, removed = [], []
    for number in range(9):
        name = f"evil-number-{number}.com"
        report(instance, name, sources=["one", "two"])
        # What the third source says is enough: from before it is taken in.
        started = time.monotonic()
        report(instance, name, sources=["three"])
        wait_for("the block", lambda: resolver.blocks(f"www.{name}"))
        added.append(time.monotonic() - started)
        started = time.monotonic()
        instance.run("override", name, "--benign", "--reason", "a mistake")
        wait_for("its removal", lambda: not resolver.blocks(f"www.{name}"))
        removed.append(time.monotonic() - started)
    print(f"added after {statistics.median(added):.3f} s, removed after {statistics.median(removed):.3f} s (medians)")
    assert statistics.median(added) < 5 and statistics.median(removed) < 5


def test_what_must_not_be_published_is_not(world):
    instance, resolver = world
    report(instance, "secret-evil.com", tlp="amber")
    report(instance, "wikipedia.org", "co.uk", "github.io", "www.protected-name.com", "evil-witness.com")
    wait_for("the block of the witness", lambda: resolver.blocks("evil-witness.com"))
    for name in ["secret-evil.com", "wikipedia.org", "example.co.uk", "x.github.io", "www.protected-name.com"]:
        assert not resolver.blocks(name), name
    for name, rule in [("secret-evil.com", "E4"), ("wikipedia.org", "P1"), ("co.uk", "S1"),
                       ("www.protected-name.com", "P2")]:
        told = json.loads(instance.run("protect", "explain", name, "--json", check=False))
        assert not told["blocked"] and any(reason.startswith(rule) for reason in told["reasons"]), told
    # What is let through is, even where it is blocked by name.
    report(instance, "let-through.com")
    wait_for("its block", lambda: json.loads(
        instance.run("protect", "explain", "let-through.com", "--json", check=False))["blocked"])
    assert not resolver.blocks("let-through.com")


def test_a_new_protected_name_ends_the_block_that_was_there(world):
    instance, resolver = world
    report(instance, "www.soon-protected.com")
    wait_for("the block", lambda: resolver.blocks("www.soon-protected.com"))
    instance.member("Owner", domains=["soon-protected.com"])
    wait_for("its end", lambda: not resolver.blocks("www.soon-protected.com"))


def test_a_name_above_takes_over_and_hands_back(world):
    instance, resolver = world
    report(instance, "a.b.evil-tree.com")
    wait_for("the block", lambda: resolver.blocks("a.b.evil-tree.com"))
    assert not resolver.blocks("other.evil-tree.com")
    report(instance, "evil-tree.com")
    wait_for("the block above", lambda: resolver.blocks("other.evil-tree.com"))
    # Names between the two are blocked too.
    assert resolver.blocks("b.evil-tree.com") and resolver.blocks("x.b.evil-tree.com")
    instance.run("override", "evil-tree.com", "--benign", "--reason", "a mistake")
    wait_for("its end", lambda: not resolver.blocks("other.evil-tree.com"))
    assert resolver.blocks("a.b.evil-tree.com") and not resolver.blocks("x.b.evil-tree.com")


def test_what_is_over_leaves_the_resolver_by_itself(world):
    instance, resolver = world
    over = datetime.now(timezone.utc) + timedelta(seconds=6)
    table = f"domain,valid_until\nevil-for-now.com,{over.isoformat()}\n".encode()
    for source in ["one", "two", "three"]:
        instance.load(source, stdin=table, tlp="clear")
    wait_for("the block", lambda: resolver.blocks("evil-for-now.com"))
    assert datetime.now(timezone.utc) < over
    wait_for("its end", lambda: not resolver.blocks("evil-for-now.com"))
    assert datetime.now(timezone.utc) >= over
    said = instance.run("protect", "explain", "evil-for-now.com", check=False)
    assert "its time is over" in said, said


def test_the_page_of_a_block_is_public(world):
    instance, _ = world
    told = json.loads(instance.run("protect", "explain", "evil-first.com", "--json"))
    block = told["blocks"][0]["id"]
    page = requests.get(f"{instance.url}/block/{block}", headers={"Accept-Language": "fr-BE,fr;q=0.9"}, timeout=10)
    assert page.status_code == 200 and page.headers["Content-Language"] == "fr"
    for part in ["evil-first.com", block, "abuse@csirt.example", "Motif"]:
        assert part in page.text
    # Whoever was led to the walled garden sees it, and is counted.
    host = {"Host": f"{block}.block.csirt.example"}
    garden = requests.get(f"{instance.url}/any/path?x=1", headers=host, timeout=10)
    assert garden.status_code == 403 and "evil-first.com" in garden.text
    told = json.loads(instance.run("protect", "explain", "evil-first.com", "--json"))
    assert [hit[1:] for hit in told["blocks"][0]["hits"]] == [["ZZ", 1]]
    for wrong in ["aaaaaaaaaaaaaaaa", "x", "%00", "../../etc/passwd"]:
        assert requests.get(f"{instance.url}/block/{wrong}", timeout=10).status_code in (404, 401), wrong


def test_hits_come_back_from_the_log_of_the_resolver(world):
    instance, resolver = world
    for _ in range(3):
        assert resolver.blocks("www.evil-first.com")
    taken = json.loads(instance.run("protect", "hits", "--json", resolver.log))
    assert taken["hits"] >= 3 and taken["lines"] > taken["hits"], taken
    told = json.loads(instance.run("protect", "explain", "evil-first.com", "--json"))
    assert sum(hit[2] for hit in told["blocks"][0]["hits"]) >= 4


def test_lists_are_served_signed_and_cached(world):
    instance, _ = world
    url = f"{instance.url}/lists/"
    wait_for("the list", lambda: "evil-first.com" in requests.get(url + "rempart-domains.txt", timeout=10).text)
    first = requests.get(url + "manifest.json", timeout=10)
    again = requests.get(url + "manifest.json", headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
    assert again.status_code in (200, 304)
    files = first.json()["files"]
    assert len(files) >= 20
    stix = next(each for each in files if each["format"] == "stix")
    served = requests.get(url + stix["name"], timeout=10)
    assert served.headers["Content-Type"].startswith("application/stix+json")
    if shutil.which("minisign"):
        folder = instance.data / "lists"
        subprocess.run(["minisign", "-V", "-p", folder / "rempart.pub", "-m", folder / "manifest.json"], check=True)
    for wrong in ["nothing.txt", "../lists.key", "%2e%2e/lists.key", ".manifest.json.new", "misp", ""]:
        assert requests.get(url + wrong, timeout=10).status_code in (404, 401), wrong


def test_zones_are_taken_back_and_let_through(world):
    instance, resolver = world
    time.sleep(1.1)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    report(instance, "evil-later.com")
    wait_for("the block", lambda: resolver.blocks("evil-later.com"))
    instance.run("protect", "take-back", "other", "--to", moment)
    wait_for("the way back", lambda: not resolver.blocks("evil-later.com"))
    assert resolver.blocks("evil-first.com")
    report(instance, "evil-latest.com")
    time.sleep(1.5)
    assert not resolver.blocks("evil-latest.com"), "it only shrinks"
    instance.run("protect", "let-through", "other")
    wait_for("what waited", lambda: resolver.blocks("evil-latest.com") and resolver.blocks("evil-later.com"))


def test_upheld_appeals_stop_what_is_new_until_a_person_looks(world):
    instance, resolver = world
    names = [f"evil-mistake-{number}.com" for number in range(3)]
    report(instance, *names)
    wait_for("the blocks", lambda: all(resolver.blocks(name) for name in names))
    for name in names:
        told = json.loads(instance.run("protect", "explain", name, "--json"))
        instance.run("protect", "uphold", told["blocks"][0]["id"], "--reason", "cleaned up")
    wait_for("the end of the blocks", lambda: not any(resolver.blocks(name) for name in names))
    wait_for("the freeze", lambda: json.loads(instance.run("protect", "status", "--json"))[2]["frozen"])
    report(instance, "evil-after.com")
    time.sleep(1.5)
    assert not resolver.blocks("evil-after.com") and resolver.blocks("evil-first.com")
    instance.run("protect", "let-through", "other")
    wait_for("what waited", lambda: resolver.blocks("evil-after.com"))


def test_the_kill_switch_empties_all_and_a_restart_keeps_what_holds(world):
    instance, resolver = world
    assert resolver.blocks("evil-first.com")
    instance.run("protect", "stop")
    took = wait_for("the stop", lambda: not resolver.blocks("evil-first.com"), 60)
    print(f"emptied after {took:.2f} s")
    instance.stop()
    instance.serve()
    time.sleep(2)
    assert not resolver.blocks("evil-first.com"), "a restart is no reason to serve again"
    instance.run("protect", "resume")
    wait_for("what is served again", lambda: resolver.blocks("evil-first.com"), 60)
    status = json.loads(instance.run("protect", "status", "--json"))
    assert [each["live"] for each in status] == [False, False, True]
    instance.run("protect", "dry", "other")
    wait_for("the end", lambda: not resolver.blocks("evil-first.com"))

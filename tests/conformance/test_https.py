"""HTTPS, and curl as people type it."""

import json
import shutil
import socket
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest
import requests
from taxii2client.v21 import Server, as_pages

from instance import TAXII
from stix import cut, indicators

COUNT = 3000


@pytest.fixture(scope="module")
def world(make_instance, certificate):
    instance = make_instance(tls=certificate)
    key = instance.member("Reader", country="DE")
    instance.load("feed", list(indicators(COUNT)))
    return instance.serve(), key


def curl(instance, *arguments):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--globoff", "--noproxy", "*", "--cacert", instance.ca, "--include", *arguments],
        capture_output=True, timeout=60, check=True,
    )
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, body


def test_client_over_https(world):
    instance, key = world
    assert instance.url.startswith("https://")
    server = Server(f"{instance.url}/taxii2/", user="anybody", password=key, verify=instance.ca)
    collection = next(each for each in server.default.collections if each.title.endswith("all that it may see"))
    found = [each["id"] for page in as_pages(collection.get_objects, per_request=500) for each in page["objects"]]
    assert len(found) == len(set(found)) == COUNT


def test_an_unknown_certificate_is_noticed(world):
    instance, key = world
    with pytest.raises(requests.exceptions.SSLError):
        Server(f"{instance.url}/taxii2/", user="anybody", password=key).title  # pylint: disable=expression-not-assigned


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_versions(world):
    instance, _ = world
    address = (urlsplit(instance.url).hostname, urlsplit(instance.url).port)

    def connect(version):
        context = ssl.create_default_context(cafile=instance.ca)
        context.minimum_version = context.maximum_version = version
        with socket.create_connection(address, timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
                return secured.version()

    assert connect(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert connect(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(instance.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with socket.create_connection(address, timeout=10) as plain:
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_no_early_data(world):
    instance, key = world
    # What a session ticket promises is printed by openssl; the largest early data must be none. Without
    # `-ign_eof` it may leave before the ticket and the answer come.
    address = urlsplit(instance.url).netloc
    done = subprocess.run(
        ["openssl", "s_client", "-connect", address, "-tls1_3", "-ign_eof", "-CAfile", instance.ca],
        input=f"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nConnection: close\r\n\r\n".encode(),
        capture_output=True, timeout=30, check=False,
    )
    said = done.stdout.decode(errors="replace")
    promised = [line.strip() for line in said.splitlines() if "Max Early Data" in line]
    assert "HTTP/1.1 200" in said, said
    assert all(line == "Max Early Data: 0" for line in promised), promised


def test_plain_http_is_not_answered_there(world):
    instance, _ = world
    with pytest.raises(requests.ConnectionError):
        requests.get(instance.url.replace("https://", "http://") + "/taxii2/", timeout=10)


@pytest.mark.parametrize("form", ["basic", "key as user", "bearer", "bare"])
def test_curl_with_a_key(world, form):
    instance, key = world
    given = {
        "basic": ["--user", f"anybody:{key}"],
        "key as user": ["--user", f"{key}:"],
        "bearer": ["--header", f"Authorization: Bearer {key}"],
        "bare": ["--header", f"Authorization: {key}"],
    }[form]
    status, headers, body = curl(instance, *given, f"{instance.url}/taxii2/")
    assert (status, headers["content-type"]) == (200, TAXII)
    assert json.loads(body)["api_roots"] == ["/api/"]


def test_curl_without_a_key(world):
    instance, _ = world
    status, headers, body = curl(instance, f"{instance.url}/taxii2/")
    assert (status, headers["content-type"]) == (401, TAXII)
    assert headers["www-authenticate"] == 'Basic realm="Rempart"'
    assert json.loads(body)["http_status"] == "401"


def test_curl_filters_and_posts(world):
    instance, key = world
    base = instance.collection(key, "all")
    status, headers, body = curl(
        instance, "--user", f"x:{key}", f"{base}objects/?match[type]=indicator&limit=2&match[version]=last"
    )
    assert status == 200 and len(cut(body)) == 2
    assert headers["x-taxii-date-added-first"] < headers["x-taxii-date-added-last"]
    own = next(indicators(1, start=20_000_000))
    status, headers, body = curl(
        instance, "--user", f"x:{key}", "--header", f"Content-Type: {TAXII}", "--header", "Expect: 100-continue",
        "--data-binary", '{"objects":[' + own + "]}", instance.collection(key, "contribute") + "objects/",
    )
    assert (status, headers["content-type"]) == (202, TAXII)
    assert json.loads(body)["success_count"] == 1


def test_logs_tell_no_secrets(world):
    instance, key = world
    wanted = json.loads(next(indicators(1)))["id"]
    instance.session(key).get(f"{instance.collection(key, 'all')}objects/{wanted}/?match[version]=all")
    text = instance.log.read_text()
    assert "/api/collections/{collection}/objects/{object}/" in text
    for hidden in [key, wanted, wanted.split("--")[1], "match"]:
        assert hidden not in text, hidden


def test_metrics_and_health(world):
    instance, _ = world
    assert requests.get(f"{instance.url}/healthz", verify=instance.ca, timeout=10).status_code == 200
    assert requests.get(f"{instance.url}/readyz", verify=instance.ca, timeout=10).status_code == 200
    assert requests.get(f"{instance.url}/metrics", verify=instance.ca, timeout=10).status_code == 404
    metrics = requests.get(instance.metrics_url, timeout=10)
    assert metrics.status_code == 200 and metrics.headers["Content-Type"].startswith("text/plain")
    assert "rempart_http_requests_total{" in metrics.text

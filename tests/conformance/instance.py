"""One data folder, its commands, and its server."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("REMPART_BIN", ROOT / "target/debug/rempart"))
TAXII = "application/taxii+json;version=2.1"


class Instance:
    """A data folder below `folder`."""

    def __init__(self, folder, tls=None):
        self.data = Path(folder) / "data"
        self.log = Path(folder) / "server.log"
        self.tls = tls
        self.server = None
        self.url = None
        self.metrics_url = None
        # Tests bring their own settings.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("REMPART_")}

    def run(self, *arguments, stdin=None, check=True):
        """Runs a command, and returns what it printed."""
        done = subprocess.run(
            [BINARY, "--data", self.data, *map(str, arguments)],
            input=stdin, capture_output=True, env=self.environment, timeout=300,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout!r}\n{done.stderr!r}")
        return done.stdout.decode()

    def member(self, name, country="FR", kind="operator", clearance="amber", **several):
        """Adds a member; `domains=[…]`, `networks=[…]`. Returns a key of it."""
        arguments = ["member", "add", "--name", name, "--country", country, "--kind", kind, "--clearance", clearance]
        for option, values in several.items():
            for value in values:
                arguments += [f"--{option.rstrip('s')}", value]
        self.run(*arguments)
        return self.key(name)

    def key(self, member, *options):
        return self.run("key", "create", "--member", member, *options).strip()

    def load(self, source, stix=None, paths=(), tlp=None, stdin=None, partial=False):
        """Imports, and returns the account. `stix` is a list of objects as text."""
        if stix is not None:
            stdin = ('{"type":"bundle","id":"bundle--8d1aa59d-3a5b-4b33-a4e4-3d3f1b3f7a11","objects":['
                     + ",".join(stix) + "]}").encode()
        arguments = ["import", "--source", source, "--json"]
        if tlp:
            arguments += ["--tlp", tlp]
        arguments += [str(path) for path in paths] or ["-"]
        return json.loads(self.run(*arguments, stdin=stdin, check=not partial))

    def serve(self):
        """Starts the server and waits until it is ready."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            metrics = free.getsockname()[1]
        arguments = [BINARY, "--data", self.data, "serve", "--listen", "127.0.0.1:0",
                     "--metrics-listen", f"127.0.0.1:{metrics}"]
        if self.tls:
            arguments += ["--tls-cert", self.tls / "server.pem", "--tls-key", self.tls / "server.key"]
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, env=self.environment)
        line = self.server.stdout.readline().decode()
        found = re.search(r"listening on (https?://\S+)", line)
        assert found, f"{line!r}\n{self.log.read_text()}"
        self.url = found.group(1)
        self.metrics_url = f"http://127.0.0.1:{metrics}/metrics"
        deadline = time.time() + 30
        while True:
            try:
                requests.get(self.url + "/readyz", timeout=5, verify=self.ca)
                return self
            except requests.ConnectionError:
                assert time.time() < deadline, self.log.read_text()
                time.sleep(0.05)

    @property
    def ca(self):
        return str(self.tls / "ca.pem") if self.tls else True

    def stop(self):
        """Stops the server as an operator does; it must end by itself, and well."""
        if self.server is None:
            return
        server, self.server = self.server, None
        server.send_signal(signal.SIGTERM)
        try:
            assert server.wait(timeout=30) == 0, self.log.read_text()
        finally:
            server.kill()
            server.stdout.close()

    def session(self, key):
        """Plain HTTP requests with a key."""
        session = requests.Session()
        session.auth = ("anybody", key)
        session.headers["Accept"] = TAXII
        session.verify = self.ca
        # A proxy of the machine has no part in this.
        session.trust_env = False
        return session

    def collection(self, key, alias):
        """The URL of a collection of the key's owner."""
        listed = self.session(key).get(f"{self.url}/api/collections/").json()["collections"]
        found = [each["id"] for each in listed if each["alias"] == alias]
        return f"{self.url}/api/collections/{found[0]}/"

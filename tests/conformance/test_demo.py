"""The demo, as somebody meets it who runs it for the first time: every command that it prints works."""

import re
import shutil
import subprocess
import time

import pytest

from instance import BINARY
from resolver import NXDOMAIN, ask, free_port, wait_for


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A running demo: its data folder and the commands that it printed."""
    data = tmp_path_factory.mktemp("demo") / "data"
    process = subprocess.Popen(
        [BINARY, "--data", data, "demo", "--listen", f"127.0.0.1:{free_port()}", "--dns-listen",
         f"127.0.0.1:{free_port()}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if "Ctrl-C stops it" in line:
            break
    assert process.poll() is None, "\n".join(lines)
    commands = [line.strip() for line in lines if line.startswith("  ") and (str(BINARY) in line or "127.0.0.1" in line)]
    wait_for("the index", lambda: (data / "index" / "operator.idx").exists(), 60)
    yield data, commands
    process.terminate()
    assert process.wait(timeout=30) == 0


def shell(command):
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)


def test_every_command_that_it_prints_works(demo):
    _, commands = demo
    tried = [command for command in commands if not command.startswith(("unbound", "dig"))]
    assert len(tried) == 9, commands
    for command in tried:
        # What is to be blocked is so once the publisher came to it.
        patience = time.monotonic() + 60
        done = shell(command)
        while done.returncode != 0 and time.monotonic() < patience:
            time.sleep(0.5)
            done = shell(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), command


def test_a_resolver_with_the_file_that_it_wrote_blocks_what_it_names(demo):
    if not shutil.which("unbound"):
        pytest.skip("unbound is not installed")
    data, commands = demo
    name = next(command for command in commands if command.startswith("dig")).split()[-1]
    port = free_port()
    file = data / "unbound.conf"
    # The address that the demo wrote may be taken on this machine.
    file.write_text(re.sub(r"interface: 127\.0\.0\.1@\d+", f"interface: 127.0.0.1@{port}", file.read_text()))
    resolver = subprocess.Popen(["unbound", "-d", "-c", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("the block", lambda: ask(port, name) == NXDOMAIN, 60)
        assert ask(port, "localhost") != NXDOMAIN
    finally:
        resolver.terminate()
        resolver.wait(timeout=10)

"""Asking a resolver."""

import secrets
import socket
import struct
import time

NXDOMAIN, NOERROR, SERVFAIL = 3, 0, 2


def free_port():
    """A port that is free for packets and streams."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            stream.bind(("127.0.0.1", 0))
            try:
                packets.bind(("127.0.0.1", stream.getsockname()[1]))
                return stream.getsockname()[1]
            except OSError:
                continue


def ask(port, name):
    """The response code of a resolver for the address of a name (RFC 1035, section 4)."""
    number = secrets.randbits(16)
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    packet = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + question + b"\0\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.sendto(packet, ("127.0.0.1", port))
        try:
            answer = client.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return None
    assert struct.unpack(">H", answer[:2])[0] == number
    return answer[3] & 0xF


def wait_for(what, holds, seconds=30):
    """Waits until something holds, and returns how long that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"{what} does not come"
        time.sleep(0.005)
    return time.monotonic() - started

"""STIX as text: made from a seed, and cut out of documents byte for byte."""

import json
import random
import uuid

GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"


def name(number):
    """The domain of an indicator: one in ten is of alpha, one in ten of beta."""
    zone = {0: "bank-alpha.fr", 1: "bank-beta.fr"}.get(number % 10, "elsewhere.ru")
    return f"host{number}.{zone}"


def indicators(count, start=0, seed=7, marking=lambda number: GREEN):
    """Indicators with deterministic ids, as text."""
    random_bits = random.Random(seed * 1_000_003 + start).getrandbits
    for number in range(start, start + count):
        identifier = uuid.UUID(int=random_bits(128), version=4)
        day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00.000Z"
        yield json.dumps({
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{identifier}",
            "created": day,
            "modified": day,
            "name": f"Synthetic {number}",
            "indicator_types": ["malicious-activity"],
            "pattern": f"[domain-name:value = '{name(number)}']",
            "pattern_type": "stix",
            "valid_from": day,
            "object_marking_refs": [marking(number)],
        })


def cut(text, member="objects"):
    """The elements of an array of the outermost object, as they stand in the text."""
    decoder = json.JSONDecoder()
    at = text.index(f'"{member}"') + len(member) + 2
    at = text.index("[", at) + 1
    pieces = []
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return pieces
        _, end = decoder.raw_decode(text, at)
        pieces.append(text[at:end])
        at = end

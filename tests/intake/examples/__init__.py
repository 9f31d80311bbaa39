"""Payloads as GitHub sends them: all of npm @octokit/webhooks-examples 7.6.1 (see LICENSE)."""

import json
import lzma
from pathlib import Path
from typing import Any


def payloads() -> list[tuple[str, dict[str, Any]]]:
    """List (event, payload)."""
    packed = (Path(__file__).parent / "payloads.json.xz").read_bytes()
    return [
        (example["event"], example["payload"]) for example in json.loads(lzma.decompress(packed))
    ]

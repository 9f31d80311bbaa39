"""Find keys and passwords in bytes, without the network: kingfisher's rules and our own.

Caught: known shapes as they are, in Base64 (two layers), in UTF-16, between binary bytes and
written as adjacent string literals (``"ghp_…" + "…"``); strong values assigned to telling names.
Not caught: values reversed, in hex, cut, or put together by a program. The box is what keeps
secrets from an agent; this is the net below it.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.guard import assignments
from bot.guard.assignments import Hit

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner

SECONDS = 20.0
"""One scan may take so long; then it raises ``TimeoutError``."""
EXCERPT = 80
MASK = "***"

_BETWEEN_LITERALS = re.compile(
    rb"([\"'])[ \t]*(?:[+.&][ \t]*)?(?:\\?\r?\n[ \t]*)?(?:[+.&][ \t]*)?[bru]{0,2}\1", re.IGNORECASE
)
# A rule that also fires on the addresses of test databases and of manuals.
_ADDRESS_RULE = "betterleaks.generic-credential-uri"
_NOBODYS_HOST = re.compile(
    rb"@(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host\b|example\b)", re.IGNORECASE
)
_loading = threading.Lock()
_loaded: list["Scanner"] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A probable secret; ``excerpt`` is its line without any value that was found."""

    rule: str
    path: str
    line: int
    excerpt: str


def warm(cache: Path | None = None) -> None:
    """Load the rules now, once: 0.3 s from the directory ``cache``, 3 s the first time.

    The directory must be ours alone: one that others may write to is not used. Other threads
    go on meanwhile. A ``scan`` before it loads the rules itself and keeps no cache.
    """
    _scanner(cache)


def scan(data: bytes, path: str) -> list[Finding]:
    """Find secrets in ``data``, of whatever kind; each one once, by line.

    Raises ``TimeoutError`` when it takes too long: then nothing is known.
    """
    hits = _apart(_hits(data))
    findings = [_finding(hit, data, path, hits) for hit in hits]
    findings += _split_over_literals(data, path)
    if b"\0" in data and not findings:
        findings += _without_text(_hits(data.replace(b"\0", b"")), path)
    return findings


def _scanner(cache: Path | None = None) -> "Scanner":
    from kingfisher_sdk import DetectionPolicy, Rules, Scanner  # late: it takes megabytes

    with _loading:
        if not _loaded:
            # Comments such as `gitleaks:allow` must not silence a rule: the one who leaks could
            # write them.
            policy = DetectionPolicy(inline_ignores=False, markup_context=False, base64_max_depth=2)
            rules = Rules(cache_dir=cache) if cache else Rules(cache=False)
            _loaded.append(Scanner(rules, policy=policy))
        return _loaded[0]


def _hits(data: bytes) -> Iterator[Hit]:
    for found in _scanner().scan(data, timeout=SECONDS):
        hit = Hit(found.rule_id, found.location["start_offset"], found.location["end_offset"])
        local = hit.rule == _ADDRESS_RULE and _NOBODYS_HOST.match(data, hit.end)
        if found.visible and not local:
            yield hit
    yield from assignments.find(data)


def _apart(hits: Iterator[Hit]) -> list[Hit]:
    """Keep one hit where several overlap: the first that begins."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _finding(hit: Hit, data: bytes, path: str, hits: list[Hit]) -> Finding:
    line = data.count(b"\n", 0, hit.start) + 1
    if b"\0" in data:  # the scanner counts in decoded text then
        return Finding(rule=hit.rule, path=path, line=line, excerpt=MASK)
    return Finding(rule=hit.rule, path=path, line=line, excerpt=_excerpt(hit, data, hits))


def _excerpt(hit: Hit, data: bytes, hits: list[Hit]) -> str:
    start = data.rfind(b"\n", 0, hit.start) + 1
    end = data.find(b"\n", hit.start)
    end = len(data) if end < 0 else end
    parts, at = [], start
    for other in hits[bisect_right(hits, start, key=lambda other: other.end) :]:
        if other.start >= end:
            break
        parts += [data[at : other.start], MASK.encode()]
        at = other.end
    parts.append(data[at:end])
    return b"".join(parts).decode(errors="replace").strip()[:EXCERPT]


def _split_over_literals(data: bytes, path: str) -> list[Finding]:
    """Look again with adjacent string literals joined into one."""
    joined, joints = _join_literals(data)
    if not joints:
        return []
    found = []
    for hit in _apart(_hits(joined)):
        if joined[hit.start : hit.end] not in data:
            cut = bisect_right(joints, hit.start, key=lambda joint: joint[0])
            offset = hit.start + (joints[cut - 1][1] if cut else 0)
            line = data.count(b"\n", 0, offset) + 1
            found.append(Finding(rule=hit.rule, path=path, line=line, excerpt=MASK))
    return found


def _join_literals(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """Take out what stands between literals; for each place: offset there, bytes gone so far."""
    joints: list[tuple[int, int]] = []
    parts, at, gone = [], 0, 0
    for match in _BETWEEN_LITERALS.finditer(data):
        parts.append(data[at : match.start()])
        at = match.end()
        joints.append((match.start() - gone, gone + len(match[0])))
        gone += len(match[0])
    return b"".join([*parts, data[at:]]), joints


def _without_text(hits: Iterator[Hit], path: str) -> list[Finding]:
    return [Finding(rule=hit.rule, path=path, line=1, excerpt=MASK) for hit in _apart(hits)]

"""The answer of `git receive-pack`, rewritten so that a refused ref carries its true reason.

pkt-line, side-band-64k and report-status: https://git-scm.com/docs/pack-protocol.
"""

from collections.abc import Iterator, Mapping

from bot.forge.git.policy import PushRefusal

PACKET_LIMIT = 65515
"""Data that a side-band packet holds besides its length and band."""


def rewrite(answer: bytes, refusals: Mapping[str, PushRefusal]) -> bytes:
    """Put the refusals into receive-pack's answer: `remote:` lines first, reasons in the report."""
    progress, report = _unpack(answer)
    words = "".join(f"{line}\n" for refusal in refusals.values() for line in refusal.lines)
    lines = b"".join(_packet(_reworded(line, refusals)) for line in _packets(report))
    told = words.encode() + b"".join(progress)
    return b"".join((_banded(2, told), _banded(1, lines + b"0000"), b"0000"))


def _reworded(line: bytes, refusals: Mapping[str, PushRefusal]) -> bytes:
    verdict, _, rest = line.decode(errors="replace").partition(" ")
    ref = rest.split(" ", 1)[0].strip()
    if verdict == "ng" and ref in refusals:
        return f"ng {ref} {refusals[ref].reason}\n".encode()
    return line


def _unpack(answer: bytes) -> tuple[list[bytes], bytes]:
    progress, report = [], bytearray()
    for packet in _packets(answer):
        if packet[:1] == b"\1":
            report += packet[1:]
        elif not packet.startswith(b"\2error: hook declined to update"):
            progress.append(packet[1:])
    return progress, bytes(report)


def _packets(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(data):
        size = int(data[at : at + 4], 16)
        if size > 4:
            yield data[at + 4 : at + size]
        at += max(size, 4)


def _packet(data: bytes) -> bytes:
    return f"{len(data) + 4:04x}".encode() + data


def _banded(band: int, data: bytes) -> bytes:
    cuts = range(0, len(data), PACKET_LIMIT)
    return b"".join(_packet(bytes([band]) + data[at : at + PACKET_LIMIT]) for at in cuts)

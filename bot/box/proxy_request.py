"""Read what a client asks of our proxy: one request, in one way of reading, for one host."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.box.destination import Destination

HTTP = 80
_OURS = (b"proxy-", b"connection:", b"keep-alive:", b"host:")
_HEADER = re.compile(rb"[!#-'*+.^-z|~0-9A-Z-]+:[\t -\xff]*")
_LINE = re.compile(rb"[!-~]+ [!-~]+ [!-~]+")
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,15})[ \t]*", re.IGNORECASE)


class NoRequest(ValueError):
    """It is none that two readers would understand alike."""


@dataclass(frozen=True, slots=True)
class Request:
    wanted: Destination
    first: bytes | None
    """What the host is sent first; None: the client wants a tunnel (CONNECT)."""
    body: int
    """Bytes that follow; more than those belongs to another request."""


def understood(head: bytes) -> Request:
    """Read a head with its empty line; raises NoRequest."""
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if not _LINE.fullmatch(line) or not all(map(_HEADER.fullmatch, headers)):
        raise NoRequest("its lines cannot be read")
    method, target, version = line.decode("ascii").split(" ")
    try:
        if method == "CONNECT":
            return Request(Destination.parse(target), None, 0)
        parts = urlsplit(target)
        wanted = Destination.parse(parts.netloc, HTTP)
    except ValueError as error:
        raise NoRequest(str(error)) from error
    if parts.scheme != "http" or not version.startswith("HTTP/1."):
        raise NoRequest("it has to be HTTP/1, and for http://")
    path = target.partition("//")[2].removeprefix(parts.netloc)
    path = path if path.startswith("/") else f"/{path}"
    kept = [header for header in headers if not header.lower().startswith(_OURS)]
    own = [f"Host: {parts.netloc}".encode(), b"Connection: close"]
    first = b"\r\n".join([f"{method} {path} {version}".encode(), *own, *kept])
    return Request(wanted, first + b"\r\n\r\n", _length(headers))


def _length(headers: list[bytes]) -> int:
    """Read how long the body is, which has to be said once and in digits."""
    lower = [header.lower() for header in headers]
    given = [header for header in lower if header.startswith(b"content-length:")]
    if any(header.startswith(b"transfer-encoding:") for header in lower) or len(given) > 1:
        raise NoRequest("the length of its body has to be in one Content-Length")
    found = _LENGTH.fullmatch(given[0]) if given else None
    if given and found is None:
        raise NoRequest("its Content-Length is none")
    return int(found[1]) if found else 0

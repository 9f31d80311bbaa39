"""Read for which name a TLS connection asks: the first message of a client says it in the clear.

RFC 8446 section 4.1.2, RFC 6066 section 3. What is encrypted in it (ECH) cannot be read by anybody.
"""

from collections.abc import Iterator

HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME = 22, 1, 0, 0
LONGEST = 2**16


class Unfinished(Exception):
    """More has to come before it can be read."""


class Unreadable(ValueError):
    """It begins as TLS and is none."""


def is_tls(data: bytes) -> bool:
    return data[:1] == bytes([HANDSHAKE])


def server_name(data: bytes) -> str | None:
    """Give the name in small letters; None: it names none. Raises Unfinished, Unreadable."""
    hello = _Bytes(_message(data))
    hello.take(2 + 32)  # version, random
    hello.block(1), hello.block(2), hello.block(1)  # session, ciphers, compression
    if hello.ended:
        return None
    extensions = _Bytes(hello.block(2))
    names = [_named(content) for kind, content in _extensions(extensions) if kind == SERVER_NAME]
    if len(names) > 1:
        raise Unreadable("it names a host twice")
    return names[0] if names else None


def _message(data: bytes) -> bytes:
    """Put the message together, however many records it is cut into."""
    handshake = b""
    while len(handshake) < 4 or len(handshake) < 4 + int.from_bytes(handshake[1:4], "big"):
        if len(data) < 5:
            raise Unfinished
        length = int.from_bytes(data[3:5], "big")
        if not is_tls(data) or not 0 < length <= 2**14:
            raise Unreadable("it is cut into pieces that are none of TLS")
        if len(data) < 5 + length:
            raise Unfinished
        handshake, data = handshake + data[5 : 5 + length], data[5 + length :]
    if handshake[0] != CLIENT_HELLO:
        raise Unreadable("it does not begin with a hello")
    return handshake[4 : 4 + int.from_bytes(handshake[1:4], "big")]


def _extensions(extensions: "_Bytes") -> Iterator[tuple[int, bytes]]:
    while not extensions.ended:
        kind = int.from_bytes(extensions.take(2), "big")
        yield kind, extensions.block(2)


def _named(content: bytes) -> str:
    listed = _Bytes(_Bytes(content).block(2))
    kind, name = listed.take(1)[0], listed.block(2)
    if kind != HOST_NAME or not listed.ended:
        raise Unreadable("it names something else than one host")
    try:
        return name.decode("ascii").lower().removesuffix(".")
    except UnicodeDecodeError as error:
        raise Unreadable("it names no host") from error


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise Unreadable("it ends too early")
        self._at += count
        return taken

    def block(self, width: int) -> bytes:
        """Take what a length of so many bytes stands before."""
        return self.take(int.from_bytes(self.take(width), "big"))

"""For which name TLS asks: read from what a real client sends, whole, in pieces, and broken."""

import ssl

import pytest

from bot.box.client_hello import Unfinished, Unreadable, is_tls, server_name


def hello(name: str | None) -> bytes:
    """What OpenSSL sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sent = ssl.MemoryBIO()
    line = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        line.do_handshake()
    return sent.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same message, cut into records of so many bytes."""
    message = data[5:]
    cut = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(data[:3] + len(each).to_bytes(2, "big") + each for each in cut)


@pytest.mark.parametrize(
    ("name", "read"), [("packages.example.com", "packages.example.com"), (None, None)]
)
def test_the_name_is_read(name: str | None, read: str | None) -> None:
    data = hello(name)

    assert is_tls(data)
    assert server_name(data) == read
    assert server_name(in_records(data, 7)) == read
    assert server_name(data + b"more that follows") == read


def test_big_letters_and_a_dot_are_the_same_name() -> None:
    data = hello("packages.example.com").replace(b"packages", b"PACKAGES")

    assert server_name(data) == "packages.example.com"


def test_what_is_not_there_yet_is_waited_for() -> None:
    data = hello("packages.example.com")

    for end in range(1, len(data)):
        with pytest.raises(Unfinished):
            server_name(data[:end])


@pytest.mark.parametrize("at", range(5, 140, 3))
def test_what_is_broken_is_never_taken_for_another_name(at: int) -> None:
    data = bytearray(hello("packages.example.com"))
    data[at] ^= 0xFF
    try:
        name = server_name(bytes(data))
    except (Unfinished, Unreadable):
        return

    assert name is None or "example" in name or len(name) == len("packages.example.com")


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\xff\xff" + b"x" * 70_000])
def test_no_tls_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        server_name(data)

"""Secrets of our own are known in what leaves the machine, whatever they are dressed as."""

import base64
import codecs
import gzip
import zlib
from urllib.parse import quote

import pytest

from bot.guard.known import WITHHELD, Known, withhold, withhold_lines, withhold_within

KEY = "sk-live_Xk3vQ9pLm2Zr8TbW-5nYc7"
BODY = "\n".join(
    base64.b64encode(bytes((n * m) % 251 for n in range(48))).decode() for m in (7, 11, 13)
)
FIRST = "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0t"
FRAME = "-----{} RSA PRIVATE KEY-----"
PEM = "\n".join((FRAME.format("BEGIN"), FIRST, BODY, FRAME.format("END")))
HALF = len(KEY) // 2


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY[7:],
        KEY[:-7],
        KEY[::-1],
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(b"a" + KEY.encode()).decode(),
        base64.urlsafe_b64encode(b"ab" + KEY[7:].encode()).decode(),
        base64.b64encode(KEY[::-1].encode()).decode(),
        f'"{KEY[:HALF]}" +\n    "{KEY[HALF:]}"',
        " ".join(KEY),
        codecs.encode(KEY, "rot13"),
        "".join(f"%{byte:02x}" for byte in KEY.encode()),
        quote(KEY),
        base64.b64encode(gzip.compress(KEY.encode(), mtime=0)).decode(),
        base64.b64encode(zlib.compress(b"key: " + KEY.encode())).decode(),
    ],
)
def test_no_disguise_helps(text: str) -> None:
    assert Known([KEY]).shows(f'value = "{text}"\n'.encode())


def test_a_key_in_pem_is_known_by_any_line_of_its_own() -> None:
    known = Known([PEM])

    assert known.shows(BODY.splitlines()[1].encode())
    assert not known.shows(PEM.splitlines()[0].encode())
    assert not known.shows(PEM.splitlines()[1].encode())


@pytest.mark.parametrize("text", ["sk-live_", "an ordinary line of code = 7", "", KEY[:7] * 40])
def test_other_words_are_no_secret(text: str) -> None:
    assert not Known([KEY, PEM]).shows(text.encode())


def test_nothing_is_found_where_nothing_is_known() -> None:
    assert not Known([]).shows(b"x" * 100)
    assert not Known(["", "short", "not-needed", "lm-studio"]).shows(
        b"short, not needed: LM Studio"
    )


def test_words_of_a_secret_made_of_words_are_anybodys() -> None:
    known = Known(["development-secret-of-acme"])

    assert not known.shows(b"the development secrets of people")
    assert known.shows(b"development-secret-of-acme")


def test_a_text_with_a_secret_in_it_is_withheld() -> None:
    assert withhold(lambda: [KEY], f"It is {KEY[7:]}.") == WITHHELD
    assert withhold(lambda: [KEY], "It is fine.") == "It is fine."


def test_of_a_log_only_the_lines_with_a_secret_are_withheld() -> None:
    log = f"first\nkey: {KEY}\nlast"

    assert withhold_lines(lambda: [KEY], log) == f"first\n{WITHHELD}\nlast"
    assert withhold_lines(lambda: [KEY], "first\nlast") == "first\nlast"


def test_a_secret_that_goes_over_lines_takes_all_of_them() -> None:
    assert withhold_lines(lambda: [KEY], f"first\n{KEY[:11]}\n{KEY[11:22]}\nlast") == WITHHELD
    assert withhold_lines(lambda: [KEY], "\n".join([KEY, *KEY])) == WITHHELD


def test_nothing_that_is_stored_holds_one_at_any_depth() -> None:
    data = {"a": [{"b": f"x {KEY}"}], KEY: 1, "n": 7, "ok": True, "none": None}

    assert withhold_within(lambda: [KEY], data) == {
        "a": [{"b": WITHHELD}],
        WITHHELD: 1,
        "n": 7,
        "ok": True,
        "none": None,
    }


def test_what_is_packed_holds_nobody_up() -> None:
    bomb = base64.b64encode(zlib.compress(b"\0" * 2**26)).decode()

    assert not Known([KEY]).shows(f"{bomb} H4sIAAAAAAAAA-broken-broken-broken".encode())

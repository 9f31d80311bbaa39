"""The log: a line a fact, ids of delivery and run, no secret in any form."""

import base64
import io
import json
import logging
import subprocess
import sys

import pytest

from bot.log import JsonFormatter, Masker, TextFormatter, bound, hide

TOKEN = "ghs_0123456789abcdefABCDEF0123456789abcd"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"


def record(message: str, *arguments: object, **facts: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "bot.test", "levelname": "INFO", "created": 0.0})
    made.msg, made.args = message, arguments
    vars(made).update(facts)
    return made


def text(made: logging.LogRecord, *secrets: str) -> str:
    return TextFormatter(Masker(secrets)).format(made)


def test_a_line_of_text_carries_the_ids_in_force() -> None:
    with bound(delivery="d-1"), bound(run="4f9a1c"):
        line = text(record("%s taken", "issues", attempts=2))

    assert line == (
        "1970-01-01T00:00:00.000Z INFO    bot.test: issues taken delivery=d-1 run=4f9a1c attempts=2"
    )


def test_ids_end_with_their_block() -> None:
    with bound(delivery="d-1"):
        pass

    assert "d-1" not in text(record("later"))


def test_a_line_of_json_is_one_object() -> None:
    with bound(run="4f9a1c"):
        line = JsonFormatter(Masker()).format(record("two\nlines", delivery="d-2"))

    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00.000Z",
        "level": "info",
        "logger": "bot.test",
        "message": "two\nlines",
        "run": "4f9a1c",
        "delivery": "d-2",
    }
    assert "\n" not in line


def test_a_fact_cannot_forge_a_second_line_nor_steer_a_terminal() -> None:
    line = text(record("down", why="503\n1970 INFO bot: all is well\x1b[2K\u2028x"))

    assert line.splitlines() == [line]
    assert line.endswith(r"why=503\n1970 INFO bot: all is well\x1b[2K\u2028x")


def test_a_message_cannot_forge_a_second_line() -> None:
    assert "\n" not in text(record("label `x\n2025 INFO all is well`"))


@pytest.mark.parametrize(
    "leak",
    [
        TOKEN,
        "github_pat_11ABCDEFG0123456789_abcdefghijklmnop",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0xyz.c2lnbmF0dXJlLWhlcmU",
        PEM,
        PEM[:50],
        "Authorization: Basic " + base64.b64encode(b"x-access-token:whatever").decode(),
        "authorization: bearer secret-word-here",
        "https://x-access-token:whatever-it-is@github.com/o/r.git",
        "sk-proj-0123456789abcdefABCDEF0123456789",
        "sk-ant-api03-0123456789abcdef_ABCDEF-xyz",
        "AIzaSyA0123456789abcdefghijklmnopqrstuv",
        "X-Api-Key: whatever-the-endpoint-wants",
        "headers={'x-api-key': 'whatever', 'accept': '*/*'}",
        "our own configured secret",
    ],
)
def test_no_form_of_a_credential_is_written(leak: str) -> None:
    secrets = ("our own configured secret", "short")

    for formatter in (TextFormatter(Masker(secrets)), JsonFormatter(Masker(secrets))):
        line = formatter.format(record("before %s after", leak))
        visible = [
            word for word in ("whatever", "secret-word", "MIIEow", "configured") if word in line
        ]
        assert (leak in line, visible) == (False, [])
        assert "before" in line


def test_a_traceback_is_masked_too() -> None:
    made = record("it broke")
    try:
        json.loads(TOKEN)
    except json.JSONDecodeError as error:
        error.add_note(f"cannot fetch with {TOKEN}")
        made.exc_info = sys.exc_info()

    assert TOKEN not in text(made)
    assert TOKEN not in JsonFormatter(Masker()).format(made)
    assert "JSONDecodeError" in text(made)


def test_ordinary_words_stay() -> None:
    said = "run 4f9a1c of octo/shop#7 took 3 s, see https://github.com/octo/shop/pull/8"

    assert Masker(["run", "octo"])(said) == said


def test_what_is_hidden_later_is_masked_from_then_on() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(TextFormatter(Masker(["the-first-secret"])))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        hide("a-model-key-of-a-file", "")
        root.warning("the-first-secret and a-model-key-of-a-file")
    finally:
        root.removeHandler(handler)

    assert handler.stream.getvalue().endswith(" root: *** and ***\n")


@pytest.mark.slow
def test_what_ends_the_process_is_a_line_of_the_log_too() -> None:
    program = (
        "import warnings; from bot import log; log.configure('json', ['the-secret-word'])\n"
        "warnings.warn('careful with the-secret-word')\n"
        "raise RuntimeError('no more of the-secret-word')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    warned, ended = [json.loads(line) for line in done.stderr.splitlines()]
    assert (warned["level"], ended["level"]) == ("warning", "critical")
    assert ended["trace"].endswith("RuntimeError: no more of ***")
    assert "the-secret-word" not in done.stderr
    assert done.returncode == 1


def failed(text: str) -> logging.LogRecord:
    made = record("it failed")
    made.exc_info = (ValueError, ValueError(text), None)
    return made


def test_the_text_of_an_error_steers_no_terminal_and_begins_no_line() -> None:
    """It may be what a repository's command, a model or GitHub said."""
    line = text(failed("no\r\x1b[2J\x9b31m\u2028 INFO bot: all is well\n1970 forged"))

    assert not set(line) & set("\r\x1b\x9b\u2028")
    assert all(each.startswith("    ") for each in line.split("\n")[1:])


def test_a_line_of_json_steers_no_terminal() -> None:
    line = JsonFormatter(Masker(())).format(failed("\x9b31m\x7f\u2028\x1b[2J"))

    assert line.isprintable()
    assert "\x9b31m\x7f\u2028\x1b[2J" in json.loads(line)["trace"]

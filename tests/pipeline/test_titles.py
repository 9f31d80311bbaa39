"""A title looks like those that the repository merged before."""

import time

import pytest

from bot.pipeline.titles import Change, Prefix, Style, learn, title, titles

CONVENTIONAL = [
    "feat(cli): add a flag",
    "fix(parser): accept tabs",
    "fix(parser): keep comments",
    "docs: say how to install",
    "chore(deps): pin aiohttp",
]
TAGS = [
    "[parser] Accept tabs",
    "[cli] Add a flag",
    "[parser] Keep comments",
    "[docs] Install",
    "[cli] X",
]
KINDS = ["[Fix] Accept tabs", "[Feature] Add a flag", "[Fix] Keep it", "[Docs] Install", "[Fix] Go"]
PATHS = [
    "net/http: accept tabs",
    "cmd/go: add a flag",
    "net/http: keep",
    "all: go",
    "os: stat links",
]
PLAIN = ["Accept tabs", "Add a flag", "Keep comments", "Say how to install", "Pin aiohttp"]
LOWER = ["accept tabs", "add a flag", "keep comments", "say how to install", "pin aiohttp"]


def written(seen: list[str], words: str, *paths: str, nearby: tuple[str, ...] = ()) -> str:
    return title(learn(seen), Change(words=words, paths=paths, nearby=nearby))


@pytest.mark.parametrize(
    ("seen", "words", "paths", "wanted"),
    [
        (
            CONVENTIONAL,
            "Parser fails on tabs",
            ("src/acme/parser.py",),
            "fix(parser): parser fails on tabs",
        ),
        (CONVENTIONAL, "Add a flag.", ("src/acme/cli.py",), "feat(cli): add a flag"),
        (CONVENTIONAL, "Typo", ("docs/a.md", "README.md"), "docs: typo"),
        (CONVENTIONAL, "[Bug]: `parse` fails", ("x/y.py",), "fix: `parse` fails"),
        (CONVENTIONAL, "[Feature request] HTTP/3 please", ("x.py",), "feat: HTTP/3 please"),
        (CONVENTIONAL, "feat: iOS support", ("x.py",), "feat: iOS support"),
        (TAGS, "tabs fail", ("lib/parser/lex.c",), "[parser] Tabs fail"),
        (TAGS, "tabs fail", ("lib/other.c",), "Tabs fail"),
        (KINDS, "tabs fail", ("lib/other.c",), "[Fix] Tabs fail"),
        (KINDS, "add tabs", ("lib/other.c",), "[Feature] Add tabs"),
        (PATHS, "Tabs fail", ("os/file.go", "os/file_test.go"), "os: tabs fail"),
        (PATHS, "Tabs fail", ("encoding/json/scan.go",), "encoding/json: tabs fail"),
        (PLAIN, "tabs fail", ("a.py",), "Tabs fail"),
        (LOWER, "Tabs fail", ("a.py",), "tabs fail"),
        (LOWER, "IndexError on tabs", ("a.py",), "IndexError on tabs"),
        (PLAIN, "fix: tabs fail", ("a.py",), "Tabs fail"),
        (PLAIN, "parse() fails", ("a.py",), "parse() fails"),
        (["one: two"], "Tabs fail", ("a.py",), "Tabs fail"),
    ],
)
def test_a_title_is_written_as_the_last_ones_were(
    seen: list[str], words: str, paths: tuple[str, ...], wanted: str
) -> None:
    assert written(seen, words, *paths) == wanted


def test_the_scope_is_the_one_that_these_files_had_before() -> None:
    nearby = ("fix(lexer): keep comments", "feat(lexer): add tabs", "docs: x")

    assert written(CONVENTIONAL, "Fails", "src/scan.py", nearby=nearby) == "fix(lexer): fails"


def test_a_configuration_names_the_prefix() -> None:
    style = learn(PLAIN, Prefix.CONVENTIONAL)

    assert title(style, Change(words="Tabs fail", paths=("a.py",))) == "fix: tabs fail"
    assert title(learn(CONVENTIONAL, Prefix.PLAIN), Change(words="Tabs fail")) == "Tabs fail"


def test_titles_come_from_merges_and_squashes_and_not_from_programs() -> None:
    found = titles(
        [
            ("Ana", "Merge pull request #7 from ana/tabs\n\nfix: accept tabs\n"),
            ("Raj", "fix: keep comments (#8)\n\nLong.\n"),
            ("dependabot[bot]", "chore(deps): bump x"),
            ("Ana", "Merge branch 'main' into tabs"),
            ("Ana", 'Revert "fix: accept tabs"'),
            ("Ana", ""),
        ]
    )

    assert found == ("fix: accept tabs", "fix: keep comments")


def test_nothing_is_learned_from_nothing() -> None:
    assert learn([]) == Style()


def test_a_hostile_history_is_read_in_no_time() -> None:
    seen = ["[" * 50_000, "a" * 50_000, "(" * 50_000 + ":", "fix(" + "x" * 50_000, "x: " * 20_000]

    began = time.process_time()
    title(learn(seen * 20), Change(words="[" * 9000, paths=("x" * 4000,)))
    assert time.process_time() - began < 2

"""A change is judged by fixed rules, and what cannot be judged is refused."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from bot.guard.rules import (
    MOST_VIOLATIONS,
    Author,
    FileChange,
    RuleLimits,
    Violation,
    check_author,
    check_changes,
    check_spellings,
)

LIMITS = RuleLimits()
TOKEN = b"ghp_" + b"16C7e42F292c6912E7710c838347Ae178B4a"


def change(path: str = "src/a.py", mode: str | None = "100644", **more: Any) -> FileChange:
    return FileChange(
        **{"path": path, "old_mode": None, "new_mode": mode, "size": 10, "added": b"x\n", **more}
    )


def broken(changes: Sequence[FileChange], limits: RuleLimits = LIMITS) -> list[tuple[str, str]]:
    return [(v.rule, v.path) for v in check_changes(changes, limits)]


def test_an_ordinary_change_passes() -> None:
    assert check_changes([change(), change("docs/b.md", mode="100755")], LIMITS) == []


def test_a_deleted_file_passes_whatever_it_held() -> None:
    assert check_changes([change(mode=None, old_mode="100644", size=0, added=TOKEN)], LIMITS) == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".git/hooks/x", "a/.GIT/config", "a\nb"])
def test_a_path_out_of_the_tree_or_into_git_is_refused(path: str) -> None:
    assert broken([change(path)]) == [("path", path)]


@pytest.mark.parametrize("mode", [None, "100644"])
def test_a_protected_file_may_be_neither_changed_nor_deleted(mode: str | None) -> None:
    path = ".github/workflows/ci.yml"

    assert broken([change(path, mode=mode)]) == [("protected", path)]


def test_a_nested_repository_is_refused() -> None:
    assert broken([change("lib", mode="160000", added=None)]) == [("mode", "lib")]


def test_a_mode_that_git_does_not_write_is_refused() -> None:
    assert broken([change(mode="100666")]) == [("mode", "src/a.py")]


@pytest.mark.parametrize(
    "target",
    [
        b"/etc/passwd",
        b"../../x",
        b"..",
        b"b/../../x",
        b"b/..",
        b"../.git/config",
        b".git",
        b"",
        b"\xff",
        b"C:/x",
        b"..\\..\\x",
    ],
)
def test_a_link_that_may_lead_out_is_refused(target: bytes) -> None:
    assert broken([change("a", mode="120000", link_target=target)]) == [("mode", "a")]


@pytest.mark.parametrize("target", [b"b", b"../b", b"../docs/x/y.md", b"./b"])
def test_a_link_within_the_tree_passes(target: bytes) -> None:
    assert broken([change("src/a", mode="120000", link_target=target)]) == []


def test_a_link_that_was_not_read_is_refused() -> None:
    told = check_changes([change("a", mode="120000", added=None)], LIMITS)

    assert [(v.rule, v.message.split(":")[0]) for v in told] == [
        ("mode", "could not check"),
        ("secrets", "could not check"),
    ]


def test_too_much_is_refused_by_file_by_sum_and_by_count() -> None:
    limits = RuleLimits(files=2, file_bytes=15, total_bytes=25)
    changes = [change("a", size=16), change("b"), change("c", mode=None, size=99)]

    assert broken(changes, limits) == [("size", ""), ("size", ""), ("size", "a")]


def test_a_secret_in_added_lines_is_refused_and_not_repeated() -> None:
    told = check_changes([change(added=b"t = '" + TOKEN + b"'\n")], LIMITS)

    assert told == [
        Violation("secrets", "src/a.py", "a secret (betterleaks.github-pat): `t = '***'`")
    ]


def test_a_secret_in_a_name_or_a_link_is_refused() -> None:
    name, target = TOKEN.decode(), b"x/" + TOKEN

    assert broken([change(name)]) == [("secrets", "")]
    assert broken([change("a", mode="120000", link_target=target)]) == [("secrets", "a")]


def test_content_that_was_not_read_is_refused() -> None:
    assert broken([change(added=None)]) == [("secrets", "src/a.py")]


class Unreadable(bytes):
    """Content that breaks whoever looks at it."""

    def __iter__(self) -> Iterator[int]:
        raise MemoryError

    def __contains__(self, key: object) -> bool:
        raise MemoryError


def test_a_rule_that_breaks_is_a_violation() -> None:
    told = check_changes([change(added=Unreadable(b"x")), change(size="x")], LIMITS)

    assert {(v.rule, v.message) for v in told} == {
        ("secrets", "could not check: MemoryError"),
        ("size", "could not check: TypeError"),
    }


def test_a_commit_by_somebody_else_is_refused() -> None:
    app, ana = "coppice[bot] <1+coppice[bot]@x>", "Ana <ana@x>"

    assert check_author(Author(author=app, committer=app), app) == []
    assert check_author(Author(author=ana, committer=app), app) == [
        Violation("author", "", f"the commit says it is by {ana}, not {app}")
    ]


def test_a_part_of_the_operators_own_secret_is_refused_and_not_repeated() -> None:
    own = "Zx81-qWe7rTyU4iOp2AsDf6Gh"
    cut = change(added=f"x = '{own[7:]}'\n".encode())

    told = check_changes([cut], LIMITS, [own])

    assert [(v.rule, v.path) for v in told] == [("secrets", "")]
    assert own[7:] not in told[0].message
    assert check_changes([cut], LIMITS, ["another-secret-of-mine"]) == []


@pytest.mark.parametrize(
    ("line", "held"),
    [
        (b"*.py filter=x\n", True),
        (b"*.py diff=x\n", True),
        (b"*.py -diff\n", True),
        (b"src/** linguist-generated=true\n", True),
        (b"*.py binary\n", True),
        (b"*.py working-tree-encoding=UTF-7\n", True),
        (b"*.py export-subst\n", True),
        (b"SECURITY.md export-ignore\n", True),
        (b"*.sh text eol=lf\n", False),
    ],
)
def test_attributes_that_run_programs_or_hide_files_are_refused(line: bytes, held: bool) -> None:
    path = "src/.gitattributes"

    assert broken([change(path, added=line)]) == ([("attributes", path)] if held else [])


@pytest.mark.parametrize(
    ("path", "line", "hook"),
    [
        ("package.json", b'  "postinstall": "node x.js",\n', "postinstall"),
        ("web/package.json", b'"scripts":{"prepare":"sh x"}\n', "prepare"),
        ("Package.json", b'"install" : "sh x"\n', "install"),
        ("package.json", rb'"post\u0069nst\u0061ll": "sh x"', "postinstall"),
        ("composer.json", b'"post-autoload-dump": "sh x"', "post-autoload-dump"),
        ("package.json", b'"test": "pytest", "preinstaller": "^1.0.0"\n', None),
        ("docs/hooks.json", b'"postinstall": "node x.js"\n', None),
    ],
)
def test_what_runs_at_installing_is_for_a_person_to_add(
    path: str, line: bytes, hook: str | None
) -> None:
    told = check_changes([change(path, added=line)], LIMITS)

    assert [v.rule for v in told] == (["install"] if hook else [])
    assert hook is None or f"`{hook}`" in told[0].message


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("lfs", "size", "held"),
    [(b"\x89PNG", 4, True), (b"", 9_000, True), (b"", 0, False), (POINTER, 130, False)],
)
def test_a_file_of_lfs_is_a_pointer_or_refused(lfs: bytes, size: int, held: bool) -> None:
    told = broken([change("logo.png", size=size, lfs=lfs)])

    assert told == ([("lfs", "logo.png")] if held else [])


def test_a_manifest_that_was_not_read_is_refused() -> None:
    assert ("install", "package.json") in broken([change("package.json", added=None)])


def test_of_very_many_violations_some_are_named() -> None:
    many = [change(f".claude/{n}") for n in range(5000)]

    told = check_changes(many, LIMITS)

    assert told[0].message == "5000 files are changed; at most 100 may be"
    assert len(told) == MOST_VIOLATIONS


@pytest.mark.parametrize(
    ("added", "there", "other"),
    [
        ("Setup.py", "setup.py", "setup.py"),
        ("SRC/new.py", "src/shop.py", "src"),
        ("docs/caf\u00e9.md", "docs/cafe\u0301.md", "docs/cafe\u0301.md"),
        ("stra\u00dfe.py", "strasse.py", "strasse.py"),
        ("src", "SRC/shop.py", "SRC"),
        ("src/new.py", "src/shop.py", None),
        ("caf\u00e9.md", "cafe.md", None),
    ],
)
def test_a_path_that_takes_anothers_place_elsewhere_is_refused(
    added: str, there: str, other: str | None
) -> None:
    told = check_spellings([change(added)], [there, added])

    assert [v.rule for v in told] == (["spelling"] if other else [])
    assert other is None or repr(other) in told[0].message


def test_a_clash_that_was_there_before_is_nobodys_fault() -> None:
    paths = ["net/A.h", "net/a.h", "net/b.h"]

    assert check_spellings([change("net/b.h")], paths) == []
    assert check_spellings([change("net/a.h", old_mode="100644")], paths) == []


def test_a_rename_of_a_letter_takes_nothings_place() -> None:
    gone = change("README.md", mode=None, old_mode="100644", size=0)

    assert check_spellings([gone, change("Readme.md")], ["Readme.md"]) == []


def test_names_that_cannot_be_compared_are_refused() -> None:
    told = check_spellings([change("a\udcff")], None)  # type: ignore[arg-type]

    assert [v.message for v in told] == ["could not check: TypeError"]

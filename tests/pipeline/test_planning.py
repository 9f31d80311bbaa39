"""A plan is taken only if it fits the repository; what is wrong in it is said to the agent."""

import json
from typing import Any

import pytest

from bot.pipeline.contract import contract
from bot.pipeline.globs import matches
from bot.pipeline.planning import Ground, Unfit, take

GROUND = Ground(
    paths=frozenset(
        {
            "src/acme/parser.py",
            "src/acme/shop.py",
            "tests/test_parser.py",
            ".github/workflows/ci.yml",
        }
    ),
    most_files=100,
)


def answer(*files: tuple[str, str], **changes: Any) -> dict[str, Any]:
    listed = files or (("src/acme/parser.py", "change"),)
    return {
        "summary": "`parse` reads past the end.",
        "steps": [
            {"description": "Guard it.", "check": {"command": "pytest", "expected": "exit 0"}}
        ],
        "files": [{"glob": glob, "action": action, "purpose": "x"} for glob, action in listed],
        **changes,
    }


def refusal(given: Any, ground: Ground = GROUND) -> str:
    with pytest.raises(Unfit) as refused:
        take(given, ground)
    return str(refused.value)


def test_a_plan_that_fits_is_taken_as_json_or_as_its_text() -> None:
    plan = take(answer(), GROUND)

    assert plan.files[0].glob == "src/acme/parser.py"
    assert take(json.dumps(answer()), GROUND) == plan


@pytest.mark.parametrize(
    "glob", ["**", "*", "**/*", "**/*.py", "../x", "src/../../x", "/etc/passwd"]
)
def test_a_plan_of_everything_or_of_nothing_here_is_refused(glob: str) -> None:
    assert refusal(answer((glob, "change"))).startswith(f"`{glob}`")


@pytest.mark.parametrize(
    ("glob", "action", "said"),
    [
        (".git/hooks/post-commit", "add", "git's own directory"),
        (".github/workflows/ci.yml", "change", "may not be touched"),
        (".github/**", "change", "covers `.github/workflows/ci.yml`, which may not be touched"),
        ("src/acme/nothing.py", "change", "no such file is there"),
        ("src/acme/nothing.py", "delete", "to be deleted"),
        ("src/acme/parser.py", "add", "exists already"),
        ("a/*/*/*/*/*/*/*", "add", "wildcards"),
        ("C:\\x", "add", "a drive of Windows"),
        ("src/a\nb", "add", "control characters"),
    ],
)
def test_what_does_not_fit_is_named(glob: str, action: str, said: str) -> None:
    assert said in refusal(answer((glob, action)))


def test_ten_thousand_files_are_too_many() -> None:
    many = Ground(paths=frozenset(f"src/{n}.py" for n in range(10_000)), most_files=100)

    assert "covers 10,000 files" in refusal(answer(("src/*.py", "change")), many)
    assert "longer than" in refusal(answer(*((f"src/{n}.py", "add") for n in range(10_000))))
    assert "`files`" in refusal(answer(*((f"src/{n}.py", "add") for n in range(200))))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("no plan today", "not JSON"),
        (None, "valid dictionary"),
        ([], "valid dictionary"),
        ({}, "`summary`"),
        (answer(files=[]), "`files`"),
        (answer(*((f"src/{n}.py", "add") for n in range(10_000))), "longer than"),
        (answer(steps=[]), "`steps`"),
        (answer(secret="x"), "`secret`"),
        (answer(summary="x" * 3000), "`summary`"),
        (answer(risks=["x" * 900] * 200), "longer than"),
        (answer(summary="hidden\u200b\u202eword"), "nobody can see"),
        (answer(risks=["tag\U000e0041s"]), "nobody can see"),
        (answer(decision="nul\0"), "nobody can see"),
        ("[" * 5000, "not JSON"),
    ],
)
def test_what_is_no_plan_is_refused(given: Any, said: str) -> None:
    assert said in refusal(given)


def test_equal_plans_have_equal_hashes_and_others_do_not() -> None:
    first, same = contract(take(answer(), GROUND)), contract(take(json.dumps(answer()), GROUND))
    other = contract(take(answer(summary="Something else."), GROUND))

    assert first.hash == same.hash != other.hash


def test_the_same_plan_for_another_text_has_another_hash() -> None:
    plan = take(answer(), GROUND)

    assert contract(plan, "one").hash == contract(plan, "one").hash != contract(plan, "two").hash


def test_what_no_entry_names_is_outside() -> None:
    held = contract(take(answer(("src/acme/**", "change"), ("docs/a.md", "add")), GROUND))

    assert held.outside(["src/acme/x/y.py", "docs/a.md", "docs/b.md", "README.md"]) == [
        "README.md",
        "docs/b.md",
    ]


@pytest.mark.parametrize(
    ("glob", "path", "means"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("src/", "src/a", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("*.py", "x/a.py", False),
        ("[ab].c", "b.c", True),
        ("[!ab].c", "b.c", False),
        ("a?", "ab", True),
        ("a.b", "axb", False),
    ],
)
def test_a_glob_means(glob: str, path: str, *, means: bool) -> None:
    assert matches(glob, path) is means

"""Scripts of the scripted agent: which attempts it makes for which issue (YAML, no code)."""

import re
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from bot.agent.runtime import Role
from bot.errors import StageFailed
from bot.runs import Json, Record

ACTS = ("write", "delete", "link", "diff", "run", "hang", "say")
COMPANIONS = {"write": "text", "link": "to"}
DIFF_LIMIT = 16 * 2**20
NAME = re.compile(r"[A-Za-z0-9_.-]+")


class Step(Record):
    """One act of the agent; paths go as written, because the box refuses and not the script."""

    write: str | None = None
    """A file to write, with `text`."""
    text: str | None = None
    delete: str | None = None
    """A file or directory to remove."""
    link: str | None = None
    """A symbolic link to make, pointing `to`."""
    to: str | None = None
    diff: str | None = None
    """A patch beside the script, for `git apply -p1`."""
    run: str | None = None
    """A command for /bin/sh; its exit code is reported and ends nothing."""
    hang: Annotated[float, Field(ge=0)] | None = None
    """Seconds to do nothing."""
    say: str | None = None

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        given = {name for name, value in self if value is not None}
        acts = given & set(ACTS)
        if len(acts) != 1:
            raise ValueError(f"a step has exactly one of {', '.join(ACTS)}")
        companion = COMPANIONS.get(acts.copy().pop())
        if given - acts != ({companion} if companion else set()):
            raise ValueError("`text` belongs to `write` and `to` to `link`; neither is left out")
        return self


class Script(Record):
    attempts: tuple[tuple[Step, ...], ...] = ()
    plan: tuple[Json, ...] = ()
    """What it answers when it is asked for a plan, the first time, the second, …; none: nothing."""
    review: tuple[Json, ...] = ()
    """What it answers when it is asked for a review: `{findings: […]}`."""
    thinks: Annotated[float, Field(ge=0)] = 0.0
    """Seconds before each answer."""

    @model_validator(mode="after")
    def _plays_somebody(self) -> Self:
        if not (self.attempts or self.plan or self.review):
            raise ValueError("a script has `attempts`, a `plan` or a `review`")
        return self

    def attempt(self, number: int) -> tuple[Step, ...]:
        """Return the steps of an attempt, counted from 1; after the last the last repeats.

        Raises StageFailed (`no_script`) where it only answers questions.
        """
        if not self.attempts:
            raise StageFailed("no_script", "the script makes no attempts", blocked=True)
        return self.attempts[min(number, len(self.attempts)) - 1]

    def answer(self, role: Role, number: int) -> Json:
        """Return what it says to a question, counted from 1; None: it has no answers."""
        answers = {Role.PLAN: self.plan, Role.REVIEW: self.review}.get(role, ())
        return answers[min(number, len(answers)) - 1] if answers else None


def find_script(directory: Path, repository: str, issue: int) -> Path:
    """Find `{owner}/{name}/{issue}.yaml`, else `{issue}.yaml`; raises StageFailed (`no_script`)."""
    candidates = [directory / f"{issue}.yaml"]
    parts = repository.split("/")
    if len(parts) == 2 and all(NAME.fullmatch(part) and part.strip(".") for part in parts):
        candidates.insert(0, directory.joinpath(*parts, f"{issue}.yaml"))
    for path in candidates:
        if path.is_file():
            return path
    raise StageFailed("no_script", "there is no script for this issue", blocked=True)


def load_script(path: Path) -> Script:
    """Read a script; raises StageFailed (`bad_script`) that names what is wrong in it."""
    try:
        return Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        found = [_problem(item["loc"], item["msg"], item["type"]) for item in error.errors()]
        problems = "; ".join(found)
    except (OSError, ValueError, yaml.YAMLError) as error:
        problems = str(error)
    raise _bad(f"the script {path.name} is not valid: {problems}")


def _problem(where: tuple[int | str, ...], message: str, kind: str) -> str:
    if kind == "extra_forbidden":
        known = ", ".join((*ACTS, *COMPANIONS.values()) if len(where) > 1 else Script.model_fields)
        message = f"unknown key `{where[-1]}` (known: {known})"
        where = where[:-1]
    place = ".".join(str(part) for part in where)
    return f"{place}: {message}" if place else message


def read_diff(script: Path, name: str) -> bytes:
    """Read the patch that a `diff` step names, relative to its script."""
    path = script.parent / name
    try:
        with path.open("rb") as file:
            data = file.read(DIFF_LIMIT + 1)
    except OSError as error:
        raise _bad(f"the patch {name}: {error.strerror}") from error
    if len(data) > DIFF_LIMIT:
        raise _bad(f"the patch {name} is larger than 16 MB")
    return data


def _bad(reason: str) -> StageFailed:
    return StageFailed("bad_script", reason, blocked=True)

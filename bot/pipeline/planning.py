"""Take a plan from an agent: its shape, and that it fits the repository that it is for."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from bot.guard import invisible
from bot.guard.paths import protected, unsafe
from bot.pipeline.globs import ACROSS, is_plain, matches
from bot.runs import FileAction, Json, Plan, PlannedFile

MOST_CHARACTERS = 100_000
MOST_WILDCARDS = 6
_SHOWN = 5

SCHEMA: dict[str, Json] = Plan.model_json_schema()
"""The shape that agents are asked for."""


class Unfit(ValueError):
    """A plan that cannot be taken; the text tells the agent what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the repository has now."""

    paths: frozenset[str]
    most_files: int
    """`limits.files`: what one run may change."""


def take(answer: Json, ground: Ground) -> Plan:
    """Validate an agent's answer; raises Unfit that names everything wrong in it."""
    plan = _shaped(answer)
    problems = [why for file in plan.files if (why := _problem(file, ground))]
    if not problems:
        problems = list(_size(plan, ground))
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise Unfit("; ".join(problems[:_SHOWN]) + more)
    return plan


def _shaped(answer: Json) -> Plan:
    try:
        if isinstance(answer, str):
            answer = json.loads(answer)
        if len(json.dumps(answer)) > MOST_CHARACTERS:
            raise Unfit(f"it is longer than {MOST_CHARACTERS:,} characters")
        plan = Plan.model_validate(answer)
    except ValidationError as error:
        said = [f"`{_at(one['loc'])}`: {one['msg']}" for one in error.errors()[:_SHOWN]]
        raise Unfit("; ".join(said)) from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, Unfit):
            raise
        raise Unfit("it is not JSON of the shape that was asked for") from error
    return _clean(plan)


def _at(loc: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in loc)


def _clean(plan: Plan) -> Plan:
    """Refuse what people would not see in what they approve."""
    for text in _texts(plan.model_dump(mode="json")):
        if "\0" in text or invisible.spans(text):
            raise Unfit(f"`{text[:60]}` holds characters that nobody can see")
    return plan


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _problem(file: PlannedFile, ground: Ground) -> str | None:
    """Say what is wrong with one entry, or None."""
    glob = file.glob
    bare = glob.rstrip("/")
    if why := unsafe(bare.replace("*", "x").replace("?", "x")):
        return f"`{glob}`: {why}"
    if why := protected(bare):
        return f"`{glob}` may not be touched: {why}"
    names = bare.split("/")
    if glob.count("*") + glob.count("?") + glob.count("[") > MOST_WILDCARDS:
        return f"`{glob}` has more than {MOST_WILDCARDS} wildcards"
    everything = len(names) == 1 and not names[0].strip("*?")
    if names[0] == ACROSS or everything:
        return f"`{glob}` means the whole repository; name folders or files"
    return _against(file, ground)


def _against(file: PlannedFile, ground: Ground) -> str | None:
    if file.action is FileAction.ADD:
        if file.glob in ground.paths:
            return f"`{file.glob}` exists already; it can be changed, not added"
        return None
    there = _meant(file.glob, ground)
    if not there:
        return f"`{file.glob}` is to be {file.action}d, but no such file is there"
    held = next((path for path in there if protected(path)), None)
    return f"`{file.glob}` covers `{held}`, which may not be touched" if held else None


def _size(plan: Plan, ground: Ground) -> Iterable[str]:
    """Bound what the plan lets be changed, not only what it names."""
    globs = [file.glob for file in plan.files if file.action is not FileAction.ADD]
    covered = len({path for glob in globs for path in _meant(glob, ground)})
    if covered > ground.most_files:
        yield (
            f"it covers {covered:,} files, and one run may change {ground.most_files}; name fewer"
        )


def _meant(glob: str, ground: Ground) -> list[str]:
    """What of the repository a glob means."""
    if is_plain(glob):
        return [glob] if glob in ground.paths else []
    return [path for path in ground.paths if matches(glob, path)]

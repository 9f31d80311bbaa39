"""Pipelines as data: load a file of `prompts/pipelines` and refuse what cannot run."""

from collections.abc import Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from bot.errors import UserError
from bot.runs import Record, StageKind

PIPELINES = Path(__file__).resolve().parents[2] / "prompts" / "pipelines"
WRITING = frozenset({StageKind.IMPLEMENT})
JUDGING = frozenset({StageKind.VERIFY, StageKind.REVIEW, StageKind.RULES})
_TOLD = frozenset({StageKind.PLAN, StageKind.IMPLEMENT, StageKind.REVIEW})
_REVIEWING = frozenset({StageKind.SNAPSHOT, StageKind.REVIEW, StageKind.PUBLISH})


class StageSpec(Record):
    """One node of a pipeline."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    kind: StageKind
    needs: tuple[str, ...] = ()
    """Stages that come before it."""
    back_to: str | None = None
    """The stage that a failure of this one goes back to."""
    at_most: int | None = Field(default=None, ge=1)
    """How often it goes back; None: until `limits.attempts` is used up."""


About = Literal["issue", "pull_request"]
"""What a run of it is about: an issue, for which it makes a pull request, or somebody else's."""


class Pipeline(Record):
    """Stages in the order in which they run."""

    name: str
    stages: tuple[StageSpec, ...]
    about: About = "issue"

    @property
    def preparing(self) -> tuple[StageSpec, ...]:
        """The stages of the child `plan`: those before the first that writes."""
        return self.stages[: self._cut]

    @property
    def working(self) -> tuple[StageSpec, ...]:
        """The stages of the child `work`: from the first that writes up to publishing."""
        return tuple(s for s in self.stages[self._cut :] if s.kind is not StageKind.PUBLISH)

    @property
    def publishing(self) -> StageSpec | None:
        last = self.stages[-1]
        return last if last.kind is StageKind.PUBLISH else None

    @property
    def _cut(self) -> int:
        kinds = [stage.kind for stage in self.stages]
        ends = [i for i, kind in enumerate(kinds) if kind in WRITING or kind is StageKind.PUBLISH]
        return ends[0] if ends else len(kinds)


@cache
def load(name: str, folder: Path = PIPELINES) -> Pipeline:
    """Load and validate the pipeline ``name``; raise ``UserError`` with what to mend."""
    path = folder / f"{name}.yaml"
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if name not in known:
        raise UserError(f"There is no pipeline `{name}`. There are: {', '.join(known)}.")
    try:
        document = _Document.model_validate(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        raise UserError(f"The pipeline `{name}` cannot be read: {error}") from error
    stages = _in_order(name, document.stages)
    made = Pipeline(name=name, stages=stages, about=document.about)
    _check_ends(made)
    _check_snapshot(made)
    _check_returns(made)
    return made


def visits(name: str) -> bool:
    """Tell whether a pipeline is about somebody else's pull request."""
    try:
        return load(name).about == "pull_request"
    except UserError:
        return False


def kinds(name: str) -> dict[str, StageKind]:
    """The kind of each stage, by its name; empty where the pipeline can no longer be read."""
    try:
        return {stage.name: stage.kind for stage in load(name).stages}
    except UserError:
        return {}


class _Document(Record):
    stages: tuple[StageSpec, ...] = Field(min_length=1)
    about: About = "issue"


def _in_order(pipeline: str, specs: Sequence[StageSpec]) -> tuple[StageSpec, ...]:
    by_name = {spec.name: spec for spec in specs}
    if len(by_name) != len(specs):
        raise UserError(f"The pipeline `{pipeline}` has two stages of one name.")
    for spec in specs:
        _check_references(pipeline, spec, by_name)
    try:
        order = list(TopologicalSorter({s.name: s.needs for s in specs}).static_order())
    except CycleError as error:
        raise UserError(f"The pipeline `{pipeline}` goes in a circle: {error.args[1]}.") from error
    position = {spec.name: i for i, spec in enumerate(specs)}
    depth = _depths(by_name, order)
    return tuple(by_name[name] for name in sorted(order, key=lambda n: (depth[n], position[n])))


def _depths(by_name: dict[str, StageSpec], order: list[str]) -> dict[str, int]:
    """Longest way to each stage, so that the file's own order decides among equals."""
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[need] for need in by_name[name].needs), default=-1)
    return depth


def _check_references(pipeline: str, spec: StageSpec, by_name: dict[str, StageSpec]) -> None:
    for need in (*spec.needs, *([spec.back_to] if spec.back_to else [])):
        if need not in by_name:
            raise UserError(
                f"In the pipeline `{pipeline}` the stage `{spec.name}` names `{need}`, "
                "which is not a stage of it."
            )


def _check_ends(pipeline: Pipeline) -> None:
    stages, name = pipeline.stages, pipeline.name
    publishing = [spec.name for spec in stages if spec.kind is StageKind.PUBLISH]
    if publishing and (len(publishing) > 1 or stages[-1].kind is not StageKind.PUBLISH):
        raise UserError(f"In the pipeline `{name}` only the last stage may be `publish`.")
    kinds = [spec.kind for spec in stages]
    if pipeline.about == "pull_request" and set(kinds) == _REVIEWING:
        return  # nobody wrote anything that rules could be held against
    written = kinds[kinds.index(StageKind.IMPLEMENT) :] if StageKind.IMPLEMENT in kinds else []
    last = [kind for kind in written if kind in (*WRITING, StageKind.RULES)]
    if publishing and last[-1:] != [StageKind.RULES]:
        raise UserError(
            f"The pipeline `{name}` publishes without `implement` and then `rules`: "
            "nothing unchecked is delivered."
        )


def _check_snapshot(pipeline: Pipeline) -> None:
    """What agents are told is the snapshot."""
    for spec in pipeline.stages:
        if spec.kind is StageKind.SNAPSHOT:
            return
        if spec.kind in _TOLD:
            raise UserError(
                f"In the pipeline `{pipeline.name}` no `snapshot` comes before the stage "
                f"`{spec.name}`: its agent would be told nothing of the issue."
            )


def _check_returns(pipeline: Pipeline) -> None:
    """A failure goes back to a stage before it, within the same child of the run."""
    for segment in (pipeline.preparing, pipeline.working):
        names = [spec.name for spec in segment]
        for index, spec in enumerate(segment):
            if spec.back_to and spec.back_to not in names[:index]:
                raise UserError(
                    f"In the pipeline `{pipeline.name}` the stage `{spec.name}` goes back to "
                    f"`{spec.back_to}`, which does not come before it in the same part of the run."
                )

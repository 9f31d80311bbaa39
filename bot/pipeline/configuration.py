"""What a repository may choose in its ``.github/coppice.yml``, and every way to get it wrong."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from bot.agent.runtime import Role
from bot.errors import UserError
from bot.pipeline.findings import Severity
from bot.pipeline.strict_yaml import parse
from bot.pipeline.values import (
    Branch,
    Command,
    Models,
    Name,
    RepositoryPath,
    Starter,
    Term,
    Word,
    base_of,
    budget_of,
    choice_of,
    seconds,
)
from bot.runs import Budget, Publish

PATH = ".github/coppice.yml"
SETUP = "setup"
"""The command of this name runs before all others, wherever it stands."""
MOST_FAULTS = 10
"""That are told at once."""
LONGEST_KEY = 100

_WORDS = {
    "dict_type": "must be a map of keys to values",
    "model_type": "must be a map of keys to values",
    "model_attributes_type": "must be a map of keys to values",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be `true` or `false`",
    "tuple_type": "must be a list",
}


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Limits(_Part):
    """How much a run may use; what is over a limit blocks it."""

    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often the agent may try before the run has failed; the same failure twice ends it
    earlier."""
    command_seconds: Annotated[int, Field(ge=1, le=14_400)] = 600
    """Seconds that one command may take; then its whole process group is killed."""
    agent_seconds: Annotated[int, Field(ge=1, le=14_400)] = 1800
    """Seconds that one attempt of the agent may take."""
    files: Annotated[int, Field(ge=1, le=3000)] = 100
    """Files that one run may change."""
    file_bytes: Annotated[int, Field(ge=1, le=100_000_000)] = 5_000_000
    """Size of the largest file that a run may write."""
    total_bytes: Annotated[int, Field(ge=1, le=1_000_000_000)] = 10_000_000
    """Size of all files together that a run may write."""
    open_pull_requests: Annotated[int, Field(ge=1, le=100)] = 3
    """Pull requests of Coppice that may be open at once; further runs wait as `queued`."""
    rounds: Annotated[int, Field(ge=0, le=50)] = 5
    """Rounds on an open pull request (reviews, CI, notes) before it asks a person."""
    settle: Annotated[int, Field(ge=0, le=86_400)] = 600
    """Seconds that single review comments wait for the next one before a round begins."""
    idle: Term = "14d"
    """How long an open draft, or a branch with nothing on it, may lie untouched: `12h`, `14d`."""

    @property
    def idle_seconds(self) -> int:
        return seconds(self.idle)


class TriggerChoice(_Part):
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)] = (
        "coppice"
    )
    """Putting this label on an issue starts a run; taking it off stops the run."""


class RoleChoice(_Part):
    """Who does one kind of work; a list alone is the models."""

    agent: Word | None = None
    """The agent of this role; that of `agent` if not named."""
    models: Models = ()
    """Endpoints of the operator: the n-th attempt takes the n-th, the last one repeats."""


class BudgetChoice(_Part):
    """What one run may spend; each can only lower the operator's."""

    usd: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] | None = None
    """Dollars that one run may spend; it can only lower what the operator allows."""
    minutes: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] | None = None
    """Minutes that agents may work in one run."""
    tokens: Annotated[int, Field(ge=0)] | None = None
    """Tokens of one run, in and out, cached and reasoning ones too."""
    turns: Annotated[int, Field(ge=0)] | None = None
    """Calls of a model in one run."""

    @property
    def budget(self) -> Budget:
        return Budget(usd=self.usd, minutes=self.minutes, tokens=self.tokens, turns=self.turns)


class Roles(_Part):
    """Agents and models by what they are asked to do."""

    plan: Annotated[RoleChoice, BeforeValidator(choice_of)] = RoleChoice()
    """Reads the repository and writes the plan."""
    implement: Annotated[RoleChoice, BeforeValidator(choice_of)] = RoleChoice()
    """Changes the files."""
    review: Annotated[RoleChoice, BeforeValidator(choice_of)] = RoleChoice()
    """Reads plan and difference, in a session of its own."""

    def of(self, role: Role) -> RoleChoice:
        return {Role.PLAN: self.plan, Role.IMPLEMENT: self.implement, Role.REVIEW: self.review}[
            role
        ]


class Approvals(_Part):
    """Who has to approve a plan that waits."""

    count: Annotated[int, Field(ge=1, le=10)] = 1
    """How many people."""
    from_: Annotated[Literal["CODEOWNERS"] | None, Field(alias="from")] = None
    """`CODEOWNERS`: only owners count, one for each file of the plan. Else write access."""
    expire: Term = "14d"
    """How long a plan waits before the run is cancelled: `12h`, `14d`."""
    not_requester: bool = False
    """Whoever started the run does not count."""

    @property
    def expire_seconds(self) -> int:
        return seconds(self.expire)


class BaseChoice(_Part):
    """What work stands on; a name alone is the branch, `follow` alone keeps up with it."""

    branch: Branch | None = None
    """Branch to work on and to open pull requests against; the default branch if not named."""
    follow: bool = False
    """`base: follow`: whatever the base gets is merged into an open pull request, verified, not
    only what conflicts with it."""


Base = Annotated[BaseChoice, BeforeValidator(base_of, json_schema_input_type=str | BaseChoice)]


class PullRequestChoice(_Part):
    """How pull requests present themselves."""

    title: Literal["auto", "conventional", "tag", "path", "plain"] = "auto"
    """`auto`: as the titles that were merged lately. `conventional` writes `fix(parser): …`, `tag`
    `[parser] …`, `path` `parser: …`, `plain` the issue's own words."""
    template: RepositoryPath = "auto"
    """`auto`: where GitHub looks for the pull request template; a path names another file of the
    default branch, `none` uses none."""


class CommandsChoice(_Part):
    short: bool = False
    """The verbs work without `/coppice` too (`/approve`) where Coppice has a run."""


class ReviewChoice(_Part):
    """What a review of somebody's pull request says (`/coppice review`)."""

    threshold: Annotated[Severity, Field(strict=False)] = Severity.SHOULD
    """The least grave findings that it names: `must`, `should` or `note`."""
    comments: Annotated[int, Field(ge=0, le=50)] = 20
    """Findings that one review puts at lines; further ones stand in its summary."""


class RepositoryConfig(_Part):
    """A repository without the file gets these defaults."""

    verify: Annotated[dict[Name, Command], Field(max_length=50)] = {}
    """Commands that judge the work, name to command, 50 at most, in this order; all must exit 0.
    Each runs by `/bin/sh -c` in the box, on the base first, so that the pull request can show both.
    If `setup`, always the first, fails, no other runs. With none the pull request says "not
    verified"."""
    limits: Limits = Limits()
    trigger: TriggerChoice = TriggerChoice()
    start: Annotated[tuple[Starter, ...], Field(strict=False, min_length=1, max_length=20)] = (
        "write",
    )
    """Who may start a run: people with `write` access, with `triage`, on `team:NAME`."""
    commands: CommandsChoice = CommandsChoice()
    base: Base = BaseChoice()
    overlap: Literal["ask", "ignore"] = "ask"
    """`ask`: another open pull request that closes the same issue, or that changes files of the
    plan, is named, and somebody has to say that the run goes on all the same."""
    pull_request: PullRequestChoice = PullRequestChoice()
    agent: Word | None = None
    """The coding agent, among those that the operator allows; the operator's own if not named."""
    roles: Roles = Roles()
    budget: Annotated[BudgetChoice, BeforeValidator(budget_of)] = BudgetChoice()
    gate: Literal["never", "risky", "always"] = "risky"
    """Which plans wait for an approval; `risky`: those that touch sensitive paths, dependencies,
    migrations or CI, that are large, or that nobody can undo."""
    approvals: Approvals = Approvals()
    publish: Annotated[Publish, Field(strict=False)] = Publish.PR
    """How far a run goes: `comment` and `patch` write nothing but a comment, `branch` pushes,
    `pr` opens a draft pull request."""
    review: ReviewChoice = ReviewChoice()
    ready: Literal["ask", "auto"] = "ask"
    """`auto`: the pull request is ready for review once everything has passed."""
    ci: Literal["ask", "auto"] = "ask"
    """`ask`: pushes carry `[skip ci]` until somebody with write access asks for CI."""
    red_base: Literal["continue", "stop"] = "continue"
    """What to do when the commands fail on the base already."""
    pipeline: Word = "fix"
    """The pipeline that a run goes through."""

    @field_validator("verify")
    @classmethod
    def _setup_first(cls, commands: dict[str, str]) -> dict[str, str]:
        first = {SETUP: commands[SETUP]} if SETUP in commands else {}
        return first | commands


@lru_cache(256)
def load(text: str) -> RepositoryConfig:
    """Read a configuration; an empty one is the defaults.

    Raises UserError that names the key and the nearest one that there is.
    """
    data = parse(text)
    if data is None:
        return RepositoryConfig()
    if not isinstance(data, dict):
        raise UserError("It must be a map of keys to values, such as `trigger: {label: coppice}`.")
    try:
        return RepositoryConfig.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        told = list(dict.fromkeys(_said(one) for one in faults[:MOST_FAULTS]))
        if len(faults) > MOST_FAULTS:
            told.append(f"There are {len(faults) - MOST_FAULTS:,} more.")
        raise UserError("\n".join(told)) from error


def _said(error: Any) -> str:
    at = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(at)[:LONGEST_KEY]
    if error["type"] == "extra_forbidden":
        known = _known(at[:-1])
        near = get_close_matches(at[-1][:LONGEST_KEY], known, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(known)}."
        return f"Unknown key `{key}`; {hint}"
    message = _WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))
    return f"`{key}`: {message[:1].lower()}{message[1:]}."


def _known(at: list[str]) -> list[str]:
    part: type[BaseModel] = RepositoryConfig
    for name in at:
        part = model(part.model_fields[name].annotation) or part
    return [field.alias or name for name, field in part.model_fields.items()]


def model(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, if it holds one."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None

"""What drives a coding agent, what it is given and what it reports."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.box import Box, Mount
from bot.runs import Json


class Role(StrEnum):
    """What an agent is asked to be; every role has prompts, models and spending of its own."""

    PLAN = "plan"  # reads the tree, answers a plan
    IMPLEMENT = "implement"  # changes the tree
    REVIEW = "review"  # reads plan and diff, answers findings

    @property
    def writes(self) -> bool:
        return self is Role.IMPLEMENT


class Api(StrEnum):
    """The protocols in which agents talk to models."""

    CHAT = "chat"  # OpenAI chat completions: POST /v1/chat/completions
    RESPONSES = "responses"  # OpenAI Responses: POST /v1/responses
    MESSAGES = "messages"  # Anthropic: POST /v1/messages
    GENERATE = "generate"  # Gemini: POST /v1beta/models/{model}:generateContent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """One attempt."""

    role: Role
    prompt: str
    attempt: int
    """From 1, counted over the run."""
    seconds: float
    """After that the agent is killed, whatever it does; what it waits for its model's host comes on
    top."""
    repository: str
    """Full name."""
    issue: int
    answer: Mapping[str, Json] | None = None
    """JSON Schema of the answer that `Finished.answer` has to fit; None: none is asked for."""


class ModelSocket(Protocol):
    """The way to a model for one attempt: a Unix socket of the gateway, which alone has the key."""

    @property
    def path(self) -> Path:
        """The socket on the host, to be mounted into the box."""
        ...

    @property
    def model(self) -> str:
        """The model's name, as requests have to give it; others are refused."""
        ...

    @property
    def api(self) -> Api:
        """The protocol that the endpoint behind it speaks; others are refused."""
        ...

    @property
    def window(self) -> int | None:
        """Tokens that input and output may come to together; None: nobody said."""
        ...

    @property
    def waited(self) -> float:
        """Seconds that the attempt has waited for the model's host: none of its own time."""
        ...

    @property
    def refusal(self) -> "Refusal | None":
        """Why no further call goes out (the budget is used up, the key is refused), once so."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the gateway ends an attempt; it says more than whatever the agent makes of it."""

    kind: str
    """`budget`, `model_key`, `model_down`, …: the run's `error.class`."""
    message: str
    blocked: bool = True
    """Another attempt would change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContext:
    """Where it works."""

    box: Box
    mounts: tuple[Mount, ...]
    """The worktree, read-only for roles that do not write."""
    log: Path
    """Gets what the agent and its tools print beside their events."""
    files: Path
    """A directory of this try of the stage, outside the box: what a killed attempt goes on from."""
    model: ModelSocket | None = None
    """None: the agent needs no model (scripted)."""


class FinishReason(StrEnum):
    """How an attempt ended as far as the runtime can tell; the diff says what it is worth."""

    DONE = "done"
    NO_CHANGES = "no_changes"  # nothing differs; told by the stage, from the diff
    DENIED = "denied"  # the guard refused something that it needed
    CANCELLED = "cancelled"
    LIMIT = "limit"  # time, money or output ran out
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """It is running in its box."""

    agent: str = ""
    """Name and version as the agent itself gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Words of the agent: data, not trusted."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What it says to itself: data, not trusted."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Its own list of what it is about to do; no contract."""

    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    title: str
    id: str = ""
    """Joins it to the ToolFinished of the same call."""
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    title: str
    ok: bool
    detail: str = ""
    """What went wrong, an exit code, or the head and tail of what came out."""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAsked:
    title: str
    command: str | None = None
    """The shell command, where it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDecided:
    title: str
    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanged:
    path: str
    """As the agent gives it; the diff is what counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the agent itself says that it used: secondary, the gateway's count is what binds."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Always the last event."""

    reason: FinishReason
    message: str = ""
    answer: Json = None
    """What was asked for by `AgentTask.answer`, as JSON; not validated."""
    kind: str | None = None
    """The `error.class` where the runtime knows better than `agent_error` or `limit`."""


AgentEvent = (
    Started
    | Message
    | Thought
    | Planned
    | ToolStarted
    | ToolFinished
    | PermissionAsked
    | PermissionDecided
    | FileChanged
    | Usage
    | Warned
    | Finished
)


class Asks(StrEnum):
    """For how much of what it does an agent asks first."""

    NOTHING = "nothing"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    asks_permission: Asks
    reports_plan: bool
    reports_usage: bool
    resumes: bool
    """Goes on from `AgentContext.files` after it was killed."""
    apis: frozenset[Api]
    """The protocols that it speaks to models; empty: it needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Would it start right now, in this box?"""

    ok: bool
    version: str | None
    detail: str
    """What is wrong, else where it was found."""
    mend: str = ""
    """What to type to get it."""


class AgentRuntime(Protocol):
    @property
    def name(self) -> str:
        """The word of `COPPICE_AGENT`."""
        ...

    @property
    def label(self) -> str | None:
        """What comment, pull request and trailer have to say of it; None: nothing special."""
        ...

    @property
    def fresh(self) -> bool:
        """Does each attempt begin at the base, not at the work of the attempt before?"""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def probe(self, box: Box) -> Probe:
        """Look whether it is installed, and start it far enough in the box to ask its version."""
        ...

    def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        """Make one attempt in the box and report it; the last event is Finished.

        Iterate it inside ``contextlib.aclosing``: closing it, or cancelling the task that waits for
        the next event, kills the agent with all that it started. Raises StageFailed where no
        attempt can be made at all.
        """
        ...

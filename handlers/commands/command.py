"""What a slash command is: declared once, read by the parser, the help and the documentation."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum

from bot.errors import UserError
from bot.github.texts.answers import Listed
from bot.guard.commands import PREFIX, CommandLine
from bot.runs import OVER, Again, Pause, RepositoryRef, Run, Start, Tell
from handlers.context import Context
from handlers.payloads import Comment, Issue, User
from handlers.people import Rules
from handlers.runs import Wanted, alive
from handlers.starting import Wish

_SETTING = re.compile(r"-{0,2}([A-Za-z][\w.-]*)=(.*)", re.DOTALL)


class Where(StrEnum):
    """On what a command makes sense."""

    ISSUE = "issues"
    PULL_REQUEST = "pull requests of Coppice"
    ANY_PULL_REQUEST = "pull requests"


class Spot(StrEnum):
    """In what a command was written; a number is one of a comment only among its like."""

    CONVERSATION = ""
    LINES = "lines-"
    """A comment at lines of a pull request."""
    REVIEW = "review-"
    """What a submitted review says as a whole; GitHub takes no reactions there by REST."""


class Who(StrEnum):
    """Who may give a command, by what GitHub says of them at that moment."""

    START = "people who may start runs (`start` in the configuration)"
    WRITE = "people with write access"
    MAINTAIN = "people with maintain access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A ``key=value`` that a command takes; ``values`` must match as a whole."""

    summary: str
    values: str
    """A regular expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command, by whom, about what; its sender has the permission it needs."""

    delivery: str
    repository: RepositoryRef
    issue: Issue
    comment: Comment
    sender: User
    rules: Rules | None
    """The repository's configuration; read only where a command of the comment wants it."""
    line: CommandLine
    words: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    box: str | None = None
    """The text of the box that was ticked, where it was no command."""
    box_of: str | None = None
    """The run in whose comment that box stands."""
    spot: Spot = Spot.CONVERSATION

    @property
    def on_pull_request(self) -> bool:
        return self.issue.pull_request is not None

    @property
    def key(self) -> str:
        if self.box is not None:  # one comment may be ticked often
            return f"{self.delivery}/0"
        return f"{self.spot}{self.comment.id}/{self.line.line}"

    @property
    def reacts_on(self) -> int | None:
        """The comment that is given signs; a ticked box shows by itself that it was taken."""
        plain = self.box is None and self.spot is not Spot.REVIEW
        return self.comment.id if plain else None

    def on(self, line: CommandLine) -> "Asked":
        """The same for another line of the comment."""
        return replace(self, line=line)

    @property
    def wanted(self) -> Wanted:
        asked = f"`{self.line.text}`" if self.box is None else f"the box {self.box}"
        return Wanted(
            by=self.sender.login,
            by_id=self.sender.id,
            machine=self.sender.type == "Bot",
            key=self.key,
            asked=asked,
            comment_id=self.reacts_on,
            on_lines=self.spot is Spot.LINES,
            issue=self.issue.number,
        )

    @property
    def wish(self) -> Wish:
        """The run that is asked for; raises LookupError where its command read no rules."""
        if self.rules is None:
            raise LookupError("the configuration was not read")
        return Wish(
            delivery=self.delivery,
            repository=self.repository,
            issue=self.issue,
            by=self.sender,
            rules=self.rules,
            comment_id=self.comment.id,
            settings=self.settings,
        )

    async def newest_run(self, context: Context) -> Run | None:
        """Find the run that the command is about: the one that opened the pull request, else the
        newest on it or on the issue. Raises UserError where a box is of another one.
        """
        found = await self._newest(context)
        if found is not None and self.box_of is not None and found.id != self.box_of:
            raise UserError(
                f"This box is of run `{self.box_of[:6]}`; run `{found.short_id}` came after it."
            )
        return found

    async def _newest(self, context: Context) -> Run | None:
        number = self.issue.number
        if self.on_pull_request:
            own = await context.runs.of_pull_request(self.repository.id, number)
            if own is not None:
                return own
        return await context.runs.latest(self.repository.id, number)

    async def run(self, context: Context) -> Run:
        """The same; raises UserError where there was none yet."""
        found = await self.newest_run(context)
        if found is None:
            raise UserError(f"There was no run here yet. {self._begins}")
        return found

    @property
    def _begins(self) -> str:
        if self.on_pull_request:
            return "`/coppice review` reads this pull request, `/coppice fix` mends it."
        return "`/coppice run` starts one on an issue."

    def check_open(self) -> None:
        """Raise UserError on a pull request that is closed: nothing goes on with it."""
        if self.on_pull_request and self.issue.state != "open":
            raise UserError("The pull request is closed; open it again first.")

    async def living_run(self, context: Context) -> Run:
        """The same; raises UserError where it is not at work and follows nothing."""
        found = await self.newest_run(context)
        if found is not None and not alive(found) and found.pull_request and not _over(found):
            raise UserError(f"Run `{found.short_id}` has ended; `/coppice retry` goes on with it.")
        if found is None or not alive(found):
            raise UserError(f"No run is at work here. {self._begins}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command comes to; ``answer`` is Markdown for its comment."""

    starts: tuple[Start | Again, ...] = ()
    tells: tuple[Tell, ...] = ()
    pauses: tuple[Pause, ...] = ()
    answer: str | None = None
    why_not: str | None = None
    """Why it cannot be done, as the answer says."""


def _over(run: Run) -> bool:
    """Nothing goes on with it: its pull request or branch is closed."""
    return run.error is not None and run.error.kind in OVER


Call = Callable[[Asked, Context], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command. ``call`` raises UserError where it cannot be done."""

    verb: str
    summary: str
    """One sentence, for the help."""
    call: Call
    words: str | None = None
    """What the words after it are (`[STAGE]`); None: it takes none."""
    most_words: int | None = 0
    """None: as many as one likes."""
    settings: Mapping[str, Argument] = field(default_factory=dict)
    who: Who = Who.WRITE
    where: tuple[Where, ...] = (Where.ISSUE, Where.PULL_REQUEST)
    examples: tuple[str, ...]
    needs_rules: bool = False
    """It reads the repository's configuration."""

    @property
    def usage(self) -> str:
        settings = [f"[{key}=…]" for key in self.settings]
        return " ".join([PREFIX, self.verb, *settings, *([self.words] if self.words else [])])

    @property
    def listed(self) -> Listed:
        """As the help shows it."""
        return Listed(
            usage=self.usage,
            summary=self.summary,
            who=self.who.value,
            where=" and ".join(self.where),
            example=self.examples[-1],
        )

    def read(self, words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Split words into settings, which come first or last, and the rest; refuse what is not
        taken.
        """
        settings: dict[str, str] = {}
        rest = list(words)
        for end in (0, -1):
            while rest and (match := _SETTING.fullmatch(rest[end])):
                settings[match[1]] = self._value(match[1], match[2])
                rest.pop(end)
        if self.most_words is not None and len(rest) > self.most_words:
            raise UserError(f"It takes {self.words or 'no words'}: `{self.usage}`.")
        return settings, tuple(rest)

    def _value(self, key: str, value: str) -> str:
        if key not in self.settings:
            near = get_close_matches(key, self.settings, n=1, cutoff=0.4)
            hint = f" Did you mean `{near[0]}=`?" if near else f" It is written `{self.usage}`."
            raise UserError(f"It knows no `{key}=`.{hint}")
        if not re.fullmatch(self.settings[key].values, value):
            raise UserError(f"`{key}=` takes {self.settings[key].summary}.")
        return value

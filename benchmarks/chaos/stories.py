"""What people do, story by story: the same in every play."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from bot.scripted_model import Play, Scenario, Step

MAINTAINER = "mona"
PER_REPOSITORY = 4
"""Stories of one repository: its installation may write 80 times a minute, as on GitHub."""


class Kind(StrEnum):
    QUICK = "quick"  # issue, pull request, merge
    RETRY = "retry"  # the first attempt fails its commands
    REVIEW = "review"  # a review with two threads is answered by a round
    PLAN = "plan"  # the plan waits for an approval
    MODEL = "model"  # the agent asks a model, which costs money
    STOP = "stop"  # somebody stops it at work


ORDER = (Kind.REVIEW, Kind.QUICK, Kind.MODEL, Kind.PLAN, Kind.RETRY, Kind.STOP)
_ANSWERS = {"say": "1: fixed the wording\n2: declined because the name is public"}
_RULES = {
    "verify": {"test": "! grep -qs wrong NOTES-*.md"},
    "limits": {"open_pull_requests": 100, "settle": 1},
    "ready": "auto",
    "gate": "never",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A repository in which all stories are of one kind."""

    number: int
    kind: Kind

    @property
    def full_name(self) -> str:
        return f"org{self.number}/{self.kind}{self.number}"

    @property
    def maintainer(self) -> str:
        return f"{MAINTAINER}{self.number}"

    @property
    def token(self) -> str:
        return f"ghp_chaos{self.number:08}"

    @property
    def files(self) -> dict[str, str]:
        rules = dict(_RULES)
        if self.kind is Kind.PLAN:
            rules["gate"] = "always"
        if self.kind is Kind.MODEL:
            rules["agent"] = "loop"
        return {".github/coppice.yml": yaml.safe_dump(rules), "README.md": "# A project\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One issue and everything that comes of it."""

    number: int
    home: Home
    issue: int

    @property
    def kind(self) -> Kind:
        return self.home.kind

    @property
    def title(self) -> str:
        return f"Write note number-{self.number}-of-all"

    @property
    def file(self) -> str:
        return f"NOTES-{self.issue}.md"

    @property
    def script(self) -> dict[str, Any]:
        """What the scripted agent does."""
        right = {"write": self.file, "text": "one\ntwo\nthree\n"}
        attempts: Sequence[Sequence[Mapping[str, Any]]] = [[{"run": "sleep 0.4"}, right]]
        if self.kind is Kind.RETRY:
            attempts = [[{**right, "text": "wrong\n"}], [{"run": "sleep 0.3"}, right]]
        if self.kind is Kind.STOP:
            attempts = [[right, {"hang": 3600}]]
        if self.kind is Kind.REVIEW:
            attempts = [[{"run": f"sleep 0.4; {self._note_or_more}"}, _ANSWERS]]
        return {"attempts": attempts} | ({"plan": [self._plan]} if self.kind is Kind.PLAN else {})

    @property
    def _note_or_more(self) -> str:
        """What is right whichever attempt it is: one that is killed counts as an attempt."""
        note = f"printf 'one\\ntwo\\nthree\\n' > {self.file}"
        return f"if test -f {self.file}; then echo More. > MORE-{self.issue}.md; else {note}; fi"

    @property
    def _plan(self) -> dict[str, Any]:
        return {
            "summary": "It adds a note.",
            "steps": [{"description": "Write it.", "check": {"expected": "a person looks"}}],
            "files": [{"glob": self.file, "action": "add", "purpose": "the note"}],
        }

    @property
    def plays(self) -> tuple[Play, ...]:
        """What the model says in the agent's conversations about this issue."""
        title = rf"{self.title}\b"
        write = Step(write=self.file, text="one\ntwo\nthree\n")
        return (
            Play(match=rf"You plan a change.*{title}", answers=(self._plan,)),
            Play(match=rf"You review a change.*{title}", answers=({"findings": []},)),
            Play(match=rf"You change files.*{title}", steps=(write,)),
        )


def homes(stories: int) -> list[Home]:
    """Name so many repositories that all stories have room."""
    wanted = max(len(ORDER), -(-stories // PER_REPOSITORY))
    return [Home(number=n + 1, kind=ORDER[n % len(ORDER)]) for n in range(wanted)]


def plot(most: int, places: Sequence[Home] = ()) -> list[Story]:
    """List the stories in the order in which they begin: in turns by repository."""
    return list(_plot(most, places or homes(most)))


def homes_of(stories: Sequence[Story]) -> list[Home]:
    """List the repositories of some stories."""
    return list(dict.fromkeys(story.home for story in stories))


def _plot(most: int, places: Sequence[Home]) -> Iterator[Story]:
    for number in range(most):
        round_, place = divmod(number, len(places))
        yield Story(number=number + 1, home=places[place], issue=round_ + 1)


def scenario(stories: Sequence[Story]) -> Scenario:
    """What the model of all agents plays."""
    plays = [play for story in stories if story.kind is Kind.MODEL for play in story.plays]
    return Scenario(plays=(*plays, Play()))

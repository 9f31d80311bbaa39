"""What GitHub looks like in the end: every object, without what is never the same twice.

Left out are ids, shas, times and durations, and the numbers of pull requests, which depend on who
was first; all else has to be equal.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos.arena import Arena
from benchmarks.chaos.hub import Hub
from benchmarks.chaos.stories import Home

Json = Any
PROGRESS = "Coppice"
"""The check run that tells how far a run is."""
_OUR_BRANCH = re.compile(r"coppice/(\d+)-[0-9a-f]{6}")
_MARKER = re.compile(r"<!-- coppice:([\w-]+) run=\S+ hmac=\w+ -->")
_PATTERNS = (
    # An agent that was killed costs an attempt, and people are told so.
    (re.compile(r"^Attempt \d+: .*\n*", re.MULTILINE), ""),
    (_MARKER, r"<!-- \1 -->"),
    # It goes when a person has made the draft ready, who may merge it a moment later.
    (re.compile(r"^- \[[ x]\] Ready for review\n?", re.MULTILINE), ""),
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "HUB"),
    (_OUR_BRANCH, r"coppice/\1-RUN"),
    (re.compile(r"/runs/\d+|#(issuecomment|discussion_r|pullrequestreview)-?\d+"), "/ID"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{6,64}\b"), "HASH"),
    (re.compile(r"\b[a-f]{6,64}\b"), "HASH"),
    (
        re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:\d\d)?|\b\d\d:\d\d(:\d\d)?( UTC)?"),
        "TIME",
    ),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|min|h)\b( \d+ ?s\b)?"), "SPAN"),
    (re.compile(r"less than a second|a moment"), "SPAN"),
    # What was asked of a model before a kill is paid, and asked again.
    (re.compile(r"\$\d+(\.\d+)?"), "MONEY"),
    (re.compile(r"\b\d+ calls?\b"), "CALLS"),
)
# How far a run had come when somebody stopped it is a matter of moments.
_HOW_FAR = re.compile(
    r" · patch: `coppice patch \w+`"
    r"|\n*<details><summary>What the agent was given</summary>.*?</details>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """One object: where it is and what it is for, and all that it says."""

    key: str
    content: str


Picture = Counter[Thing]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a picture has too few of, too many of, and otherwise than it should be."""

    lost: list[str]
    doubled: list[str]
    changed: list[str]


def compare(should: Picture, is_: Picture) -> Differences:
    """Compare object by object: first how many there are of each, then what they say."""
    wanted, there = _by_key(should), _by_key(is_)
    lost = sorted((wanted - there).elements())
    doubled = sorted((there - wanted).elements())
    missing, extra = list((should - is_).elements()), list((is_ - should).elements())
    changed = []
    for thing in sorted(missing):
        other = next((o for o in extra if o.key == thing.key), None)
        if other is not None:
            extra.remove(other)
            changed.append(f"{thing.key}\n  should: {thing.content}\n  is:     {other.content}")
    return Differences(lost, doubled, changed)


def _by_key(picture: Picture) -> Counter[str]:
    counted: Counter[str] = Counter()
    for thing, times in picture.items():
        counted[thing.key] += times
    return counted


async def take(arena: Arena, places: Sequence[Home]) -> Picture:
    """Look at everything in some repositories."""
    pictures = []
    for home in places:
        pictures.append(await _Repository(arena.hub(home), home).picture())
        await asyncio.sleep(0)
    return sum(pictures, Counter())


@dataclass(slots=True)
class _Repository:
    hub: Hub
    home: Home
    names: dict[int, str] | None = None

    async def picture(self) -> Picture:
        pulls = await self._all("/pulls?state=all")
        self.names = {p["number"]: self.plain(p["head"]["ref"]) for p in pulls}
        things = [*await self._branches(), *await self._labels()]
        for issue in await self._all("/issues?state=all"):
            things += await self._issue(issue)
        for pull in pulls:
            things += await self._pull(pull)
        return Counter(things)

    async def _branches(self) -> list[Thing]:
        """Our branches by name, and the default one with every file."""
        names = [branch["name"] for branch in await self._all("/branches")]
        things = [self._thing(f"branch {name}", None) for name in names if name != "main"]
        tree = await self.hub.get(f"{self._path}/git/trees/main?recursive=1")
        files = sorted((e["path"], e["mode"], e["type"]) for e in tree["tree"])
        blobs = sorted(e["sha"] for e in tree["tree"] if e["type"] == "blob")
        return [*things, Thing(f"{self.home.full_name} main", f"{files} {blobs}")]

    async def _labels(self) -> list[Thing]:
        labels = await self._all("/labels")
        return [self._thing(f"label {each['name']}", each["description"]) for each in labels]

    async def _issue(self, issue: Json) -> list[Thing]:
        number = issue["number"]
        where = self._where(number)
        facts = (
            self.plain(issue["title"]),
            issue["state"],
            sorted(label["name"] for label in issue["labels"]),
        )
        things = [self._thing(where, f"{facts} {issue['body']}")]
        things += await self._reactions(where, f"/issues/{number}")
        for comment in await self._all(f"/issues/{number}/comments"):
            name = f"{where} comment by {comment['user']['login']} {_purpose(comment['body'])}"
            things.append(self._thing(name, comment["body"]))
            things += await self._reactions(name, f"/issues/comments/{comment['id']}")
        return things

    async def _reactions(self, where: str, path: str) -> list[Thing]:
        found = await self._all(f"{path}/reactions")
        return [
            self._thing(f"{where} reaction {r['content']} by {r['user']['login']}", None)
            for r in found
        ]

    async def _pull(self, pull: Json) -> list[Thing]:
        number = pull["number"]
        where = self._where(number)
        facts = (pull["draft"], bool(pull["merged_at"]), pull["base"]["ref"])
        things = [self._thing(f"{where} pull", str(facts))]
        for file in await self._all(f"/pulls/{number}/files"):
            told = f"{file['status']} {file['sha']} {file.get('patch')}"
            things.append(Thing(f"{where} file {file['filename']}", told))
        commits = await self._all(f"/pulls/{number}/commits")
        for commit in commits:
            message = commit["commit"]["message"]
            things.append(self._thing(f"{where} commit {message.splitlines()[0]}", message))
            things += await self._checks(where, commit, head=commit["sha"] == pull["head"]["sha"])
        return [*things, *await self._talk(where, number)]

    async def _talk(self, where: str, number: int) -> list[Thing]:
        things = []
        for review in await self._all(f"/pulls/{number}/reviews"):
            name = f"{where} review by {review['user']['login']} {review['state']}"
            things.append(self._thing(name, review["body"]))
        for comment in await self._all(f"/pulls/{number}/comments"):
            kind = "answer" if comment.get("in_reply_to_id") else "remark"
            place = f"{comment['path']}:{comment.get('original_line')}"
            name = f"{where} {kind} by {comment['user']['login']} at {place}"
            things.append(self._thing(name, comment["body"]))
        return things

    async def _checks(self, where: str, commit: Json, *, head: bool) -> list[Thing]:
        """How each check ended; what `Coppice` said on a commit that was followed by another one
        depends on which progress was worth a call at that moment."""
        path = f"{self._path}/commits/{commit['sha']}/check-runs?filter=all"
        title = commit["commit"]["message"].splitlines()[0]
        things = []
        for check in await self.hub.all(path, "check_runs"):
            output = check["output"]
            told = f"{check['status']} {check['conclusion']}"
            name = f"{where} check {check['name']} on {title}"
            said = f"{output['title']}\n{output['summary']}"
            passing = check["name"] == PROGRESS and not head
            things.append(self._thing(name, told if passing else f"{told} {said}"))
        return things

    @property
    def _path(self) -> str:
        return f"/repos/{self.home.full_name}"

    async def _all(self, path: str) -> list[Json]:
        return await self.hub.all(f"{self._path}{path}")

    def _where(self, number: int) -> str:
        name = (self.names or {}).get(number)
        return f"pull request of {name}" if name else f"#{number}"

    def _thing(self, name: str, content: str | None) -> Thing:
        key = f"{self.home.full_name} {self.plain(name)}"
        return Thing(key, self.plain(content or ""))

    def plain(self, text: str) -> str:
        return plain(text, self.names or {})


def plain(text: str, names: Mapping[int, str]) -> str:
    """Take out what is never the same twice; ``names`` are those of pull requests, by number."""
    if text.startswith("**Stopped: "):
        text = _HOW_FAR.sub("", text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    for number, name in names.items():
        text = re.sub(rf"(#|no\. |/pull/|pull request ){number}\b", rf"\1({name})", text)
    return text


def _purpose(body: str) -> str:
    found: Iterator[re.Match[str]] = _MARKER.finditer(body)
    return "+".join(match[1] for match in found)

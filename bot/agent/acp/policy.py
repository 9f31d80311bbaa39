"""Answer an ACP agent that asks for permission: an early stop and a record; the box is the wall."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from acp import schema

from bot.agent.runtime import Role
from bot.guard.danger import judge
from bot.guard.verdict import Danger
from bot.runs import Json

WRITES = ("edit", "delete", "move")
_SCRATCH = ("/tmp", "/home/agent", "/dev/shm")  # noqa: S108 the box's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    title: str
    command: str | None
    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    role: Role
    tree: str
    """Where the worktree stands for the agent."""

    def decide(self, call: schema.ToolCallUpdate, begun: schema.ToolCallStart | None) -> Decision:
        """Decide on what the call says of itself, and what was said when it began."""
        title = (call.title or (begun.title if begun else None) or call.tool_call_id)[:500]
        kind = call.kind or (begun.kind if begun else None)
        raw = call.raw_input if call.raw_input is not None else begun and begun.raw_input
        command = _command(raw, title if kind == "execute" else None)
        allowed, reason = True, "nothing speaks against it"
        if command is not None:
            verdict = judge(command, tree=self.tree)
            allowed, reason = verdict.danger is Danger.NONE, verdict.reason or reason
        elif kind in WRITES:
            allowed, reason = self._write(_paths(call, begun, raw), reason)
        elif kind == "fetch":
            allowed, reason = False, "there is no network in the box"
        return Decision(title=title, command=_shown(command), allowed=allowed, reason=reason)

    def _write(self, paths: Sequence[str], reason: str) -> tuple[bool, str]:
        if not self.role.writes:
            return False, f"the role `{self.role}` changes no files"
        for path in paths:
            where = posixpath.normpath(posixpath.join(self.tree, path))
            inside = [
                where == root or where.startswith(root + "/") for root in (self.tree, *_SCRATCH)
            ]
            if not any(inside):
                return False, f"{path[:200]} lies outside the worktree"
        return True, reason


def answer(decision: Decision, options: Sequence[schema.PermissionOption]) -> Json:
    """Pick the option that says so, for this once where there is one."""
    word = "allow" if decision.allowed else "reject"
    for kind in (f"{word}_once", f"{word}_always"):
        for option in options:
            if option.kind == kind:
                return {"outcome": {"outcome": "selected", "optionId": option.option_id}}
    return {"outcome": {"outcome": "cancelled"}}


def _command(raw: Json, title: str | None) -> str | Sequence[str] | None:
    """Find the shell command: as the tool takes it, else what the agent calls it."""
    given = raw if isinstance(raw, dict) else {}
    for name in ("command", "cmd", "script"):
        value = given.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            return value
    return None if title is None else title.strip("`")


def _shown(command: str | Sequence[str] | None) -> str | None:
    if command is None:
        return None
    return (command if isinstance(command, str) else " ".join(command))[:4000]


def _paths(call: schema.ToolCallUpdate, begun: schema.ToolCallStart | None, raw: Json) -> list[str]:
    """List every path that the call names, wherever it does."""
    found: list[str] = []
    for told in (call, begun):
        if told is not None:
            found += [place.path for place in told.locations or []]
            found += [
                part.path
                for part in told.content or []
                if isinstance(part, schema.FileEditToolCallContent)
            ]
    given = raw if isinstance(raw, dict) else {}
    names = ("path", "file_path", "filePath", "filepath", "absolute_path")
    return found + [given[name] for name in names if isinstance(given.get(name), str)]

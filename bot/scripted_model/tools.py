"""Map abstract steps to whatever tools an agent offers, by their names and their schemas."""

import base64
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.scripted_model.example import example
from bot.scripted_model.exchange import Call, Tool
from bot.scripted_model.scenario import Step

ALIASES = {
    "shell": (
        *("run", "bash", "Bash", "run_shell_command", "exec_command", "shell_command", "shell"),
        *("local_shell", "container.exec"),
    ),
    "read": ("read", "Read", "read_file"),
    "write": ("write", "Write", "write_file"),
    "edit": ("edit", "Edit", "replace"),
    "patch": ("patch",),
    "plan": ("todowrite", "TodoWrite", "update_plan", "write_todos"),
}
CODEX = "apply_patch"  # takes `*** Begin Patch`, no unified diff; opencode's is the same
PARAMETERS = {
    "command": ("command", "cmd"),
    "path": ("path", "file_path", "filePath", "absolute_path"),
    "text": ("text", "content", "contents"),
    "old": ("old", "old_string", "oldString"),
    "new": ("new", "new_string", "newString"),
    "patch": ("patch", "patchText", "input"),
}
ABSOLUTE = ("file_path", "filePath", "absolute_path")


class NoTool(Exception):
    """The agent offers nothing by which the step can be done."""


def called(step: Step, tools: Mapping[str, Tool], root: str, id: str) -> Call:
    """Make the call that does the step; a shell does what no other tool is there for.

    Raises NoTool.
    """
    if step.call is not None:
        named = tools.get(step.call, Tool(name=step.call))
        return Call(id=id, tool=named, arguments=step.arguments or {})
    tool = _named(tools, ALIASES[step.act])
    if tool is not None:
        return Call(id=id, tool=tool, arguments=_arguments(step, tool, root))
    codex = tools.get(CODEX)
    if codex is not None and step.act in ("write", "edit"):
        envelope = {"patch": _envelope(step)}
        return Call(id=id, tool=codex, arguments=_filled(codex, envelope, root))
    shell = _named(tools, ALIASES["shell"])
    if shell is None:
        raise NoTool(f"no tool for {step.act} among {', '.join(sorted(tools))}")
    return Call(id=id, tool=shell, arguments=_shelled(shell, IN_SHELL[step.act](step)))


def _named(tools: Mapping[str, Tool], names: Sequence[str]) -> Tool | None:
    return next((tools[name] for name in names if name in tools), None)


def _arguments(step: Step, tool: Tool, root: str) -> Mapping[str, Any]:
    match step.act:
        case "shell":
            return _shelled(tool, step.shell or "")
        case "plan":
            return _planned(tool, step.plan or ())
        case "patch":
            return _filled(tool, {"patch": step.patch}, root)
        case act:
            given = {
                "path": getattr(step, act),
                "text": step.text,
                "old": step.old,
                "new": step.new,
            }
            return _filled(tool, {k: v for k, v in given.items() if v is not None}, root)


def _filled(tool: Tool, given: Mapping[str, Any], root: str) -> Mapping[str, Any]:
    """Give each value the name that the tool has for it; fill in whatever else is required."""
    if tool.form == "custom":
        return {"input": given["patch"]}
    known = tool.parameters.get("properties", {})
    made = example(tool.parameters)
    arguments = dict(made) if isinstance(made, dict) else {}
    for word, value in given.items():
        name = next((name for name in PARAMETERS[word] if name in known), PARAMETERS[word][0])
        absolute = name in ABSOLUTE and not value.startswith("/")
        arguments[name] = f"{root}/{value}" if absolute else value
    return arguments


def _shelled(tool: Tool, command: str) -> Mapping[str, Any]:
    if tool.form == "local_shell":
        return {"command": ["bash", "-lc", command], "env": {}}
    known = tool.parameters.get("properties", {})
    name = next((name for name in PARAMETERS["command"] if name in known), "command")
    listed = known.get(name, {}).get("type") == "array"
    made = example(tool.parameters)
    arguments = dict(made) if isinstance(made, dict) else {}
    return arguments | {name: ["bash", "-lc", command] if listed else command}


def _planned(tool: Tool, entries: Sequence[str]) -> Mapping[str, Any]:
    status = ["in_progress", *["pending"] * len(entries)]
    if tool.name == "update_plan":
        return {"plan": [{"step": e, "status": s} for e, s in zip(entries, status, strict=False)]}
    word = "description" if tool.name == "write_todos" else "content"
    todos = [
        {word: entry, "status": state, **_extra(tool, entry, number)}
        for number, (entry, state) in enumerate(zip(entries, status, strict=False))
    ]
    return {"todos": todos}


def _extra(tool: Tool, entry: str, number: int) -> Mapping[str, str]:
    """Say what Claude Code and opencode ask beside the words themselves."""
    if tool.name == "TodoWrite":
        return {"activeForm": entry}
    return {"priority": "medium", "id": str(number)} if tool.name == "todowrite" else {}


def _envelope(step: Step) -> str:
    """Write a step in the format of codex's `apply_patch`."""
    if step.write is not None:
        lines = [f"+{line}" for line in (step.text or "").removesuffix("\n").split("\n")]
        head = f"*** Add File: {step.write}"
    else:
        old, new = (t.removesuffix("\n").split("\n") for t in (step.old or "", step.new or ""))
        lines = ["@@", *(f"-{line}" for line in old), *(f"+{line}" for line in new)]
        head = f"*** Update File: {step.edit}"
    return "\n".join(("*** Begin Patch", head, *lines, "*** End Patch"))


def _write_in_shell(step: Step) -> str:
    path, data = shlex.quote(step.write or ""), _packed(step.text or "")
    return f'mkdir -p "$(dirname {path})" && printf %s {data} | base64 -d > {path}'


def _edit_in_shell(step: Step) -> str:
    program = (
        "import base64,sys;p,o,n=sys.argv[1],*map(base64.b64decode,sys.argv[2:]);"
        "d=open(p,'rb').read();c=d.count(o);"
        "c==1 or sys.exit(f'found {c} times');open(p,'wb').write(d.replace(o,n))"
    )
    words = (step.edit or "", _packed(step.old or ""), _packed(step.new or ""))
    return shlex.join(("python3", "-c", program, *words))


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


IN_SHELL: Mapping[str, Callable[[Step], str]] = {
    "shell": lambda step: step.shell or "",
    "read": lambda step: f"cat {shlex.quote(step.read or '')}",
    "write": _write_in_shell,
    "edit": _edit_in_shell,
    "patch": lambda step: f"printf %s {_packed(step.patch or '')} | base64 -d | git apply -p1",
    "plan": lambda _: "true",
}

"""What `coppice demo` was asked for, checked before anything starts."""

import asyncio
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.agent import catalogue
from bot.agent.registry import NAMES
from bot.agent.script import DIFF_LIMIT
from bot.cli.demo.story import FIX, STORIES
from bot.cli.issue_file import Issue, read_issue
from bot.cli.programs import require_git
from bot.errors import OperatorError
from bot.forge.seed import SeedRefused, checked_out, find_start
from bot.settings import ModelSettings, is_text, load

SCRIPTED = "scripted"
SETUP = "setup"
# Lower case only: `PYTHONPATH=src pytest` is a command, not a name.
_NAMED = re.compile(r"([a-z][a-z0-9_-]*)=(.*)", re.DOTALL)

_UNNAMED = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 100  # characters of a file's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    name: str
    """Of its file, as a script can hold it: what fails is told by it."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    once: bool
    as_json: bool
    repo: Path | None
    base: str
    """Where work begins in `repo`."""
    issue: Issue | None
    patches: tuple[Patch, ...]
    verify: dict[str, str]
    """Commands by name, in order, `setup` first; empty: the repository's own."""
    agent: str
    story: str | None
    """None: the same run, without its steps told."""
    state: Path | None

    @property
    def acted(self) -> bool:
        """Is it a story with a maintainer who does more than to put a label on?"""
        return self.story not in (None, FIX)


def read(arguments: Namespace) -> Options:
    """Check the arguments; raise OperatorError (exit 2) that names the wrong one."""
    require_git()
    if arguments.story is not None:
        _one_of("--story", arguments.story, STORIES)
        _alone(arguments)
    _one_of("--agent", arguments.agent, _agents())
    if arguments.patch and arguments.agent != SCRIPTED:
        raise OperatorError("--patch is what the scripted agent does; other agents find out")
    _not_empty(arguments, "repo", "base", "issue", "setup", "state")
    if arguments.base and not arguments.repo:
        raise OperatorError("--base names a branch or commit of --repo, which is not given")
    repo = _repository(arguments.repo) if arguments.repo else None
    base = arguments.base or (asyncio.run(checked_out(repo)) if repo else "HEAD")
    if repo is not None:
        _require_start(repo, base)
    return Options(
        once=arguments.once or arguments.json or not (sys.stdin.isatty() and sys.stdout.isatty()),
        as_json=arguments.json,
        repo=repo,
        base=base,
        issue=read_issue(Path(arguments.issue)) if arguments.issue else None,
        patches=tuple(_patch(n, file) for n, file in enumerate(arguments.patch, 1)),
        verify=_commands(arguments.setup, arguments.verify),
        agent=arguments.agent,
        story=arguments.story,
        state=_state(arguments.state) if arguments.state else None,
    )


def _agents() -> tuple[str, ...]:
    """Those that Coppice knows, and the operator's own."""
    known = catalogue.load(load(ModelSettings))
    return (*NAMES, *(known.profiles if known else ()))


def _alone(arguments: Namespace) -> None:
    """Refuse what a story with a plot of its own cannot be told with."""
    given = ("repo", "issue", "patch", "verify", "setup")
    other = next((name for name in given if getattr(arguments, name)), None)
    if arguments.story != FIX and (other or arguments.agent != SCRIPTED):
        raise OperatorError(
            f"--story {arguments.story} has a repository and an agent of its own:"
            f" leave out --{other or 'agent'}"
        )


def _one_of(option: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise OperatorError(f"{option} {value}: there is no such one; known: {', '.join(known)}")


def _not_empty(arguments: Namespace, *names: str) -> None:
    """Refuse `--repo "$UNSET"`, which would otherwise mean something else than it says."""
    for name in names:
        given = getattr(arguments, name)
        if given is not None and not given.strip():
            raise OperatorError(f"--{name} is empty")


def _patch(number: int, file: str) -> Patch:
    """Read it at once: `<(git diff)` can be read but once."""
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(DIFF_LIMIT + 1)
    except OSError as error:
        raise OperatorError(f"--patch {file}: {error.strerror}") from error
    if len(data) > DIFF_LIMIT:
        raise OperatorError(f"--patch {file} is larger than {DIFF_LIMIT >> 20} MB")
    return Patch(name=f"{number}-{_UNNAMED.sub('_', Path(file).name)[-_LONGEST:]}", data=data)


def _repository(name: str) -> Path:
    path = Path(name).resolve()
    if path.is_dir() and _is_repository(path):
        return path
    above = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    mend = f"; it lies in {above}, which is one" if above and path.is_dir() else ""
    raise OperatorError(f"--repo {name} is not a git repository{mend}")


def _is_repository(path: Path) -> bool:
    return any((path / git).exists() for git in (".git", "HEAD"))


def _require_start(repo: Path, base: str) -> None:
    try:
        asyncio.run(find_start(repo, base))
    except SeedRefused as error:
        raise OperatorError(str(error)) from error


def _commands(setup: str | None, verify: Sequence[str]) -> dict[str, str]:
    if setup and not is_text(setup):
        raise OperatorError(f"--setup {setup!a} is not UTF-8, as a configuration is")
    commands = {SETUP: setup} if setup else {}
    for number, given in enumerate(verify, 1):
        if not is_text(given):
            raise OperatorError(f"--verify {given!a} is not UTF-8, as a configuration is")
        named = _NAMED.fullmatch(given)
        name, command = named.groups() if named else (f"verify-{number}", given)
        if name in commands:
            raise OperatorError(f"--verify {given}: there is a command {name} already")
        if not command.strip():
            raise OperatorError(f"--verify {given}: the command is empty")
        commands[name] = command
    return commands


def _state(name: str) -> Path:
    """Make the state directory, so that a place where there can be none is named at once."""
    path = Path(name).absolute()
    if not is_text(str(path)):
        raise OperatorError(f"--state {name!a} is not UTF-8: databases lie there")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(path.iterdir())
    except (FileExistsError, NotADirectoryError):
        taken = True
    except OSError as error:
        raise OperatorError(f"--state {name}: {error.strerror}") from error
    if taken:
        raise OperatorError(f"--state {name} is not an empty directory: name a new one")
    return path

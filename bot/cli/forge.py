"""`coppice forge`: the local stand-in for GitHub alone, until SIGTERM or Ctrl-C."""

import asyncio
import errno
import functools
import signal
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.cli.issue_file import DEFAULT_TITLE, read_issue
from bot.cli.output import emit, say
from bot.cli.programs import require_git
from bot.errors import OperatorError
from bot.forge.seed import SeedRefused, checked_out, seed_demo, seed_from
from bot.forge.server import ForgeRefused, Sow, running

PORT_TAKEN = 4


def run(arguments: Namespace) -> int:
    """Serve until told to stop. Raises OperatorError (exit 2) that names the wrong option."""
    require_git()
    _check(arguments)
    with _directory(arguments.state) as state:
        try:
            asyncio.run(_serve(Path(state), _sow(arguments), arguments))
        except (ForgeRefused, SeedRefused) as error:
            raise OperatorError(str(error)) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OperatorError(f"--state {state}: {error.strerror}") from error
            raise OperatorError(
                f"port {arguments.port} is taken; --port 0 takes any that is free",
                exit_code=PORT_TAKEN,
            ) from error
    return 0


def _check(arguments: Namespace) -> None:
    """Refuse what would go unheard, or would mean something else than it says."""
    for name in ("state", "repo", "base", "issue", "webhook_url"):
        given = getattr(arguments, name)
        if given is not None and not given.strip():
            raise OperatorError(f"--{name.replace('_', '-')} is empty")
    for name in ("base", "issue"):
        if getattr(arguments, name) and not arguments.repo:
            raise OperatorError(f"--{name} belongs to --repo, which is not given")
    parts = urlsplit(arguments.webhook_url or "http://none")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OperatorError("--webhook-url must begin with https:// or http://")


def _directory(named: str | None) -> AbstractContextManager[str]:
    if named:
        return nullcontext(named)
    return tempfile.TemporaryDirectory(prefix="coppice-forge-")


def _sow(arguments: Namespace) -> Sow:
    if not arguments.repo:
        return seed_demo
    issue = read_issue(Path(arguments.issue)) if arguments.issue else None
    directory = Path(arguments.repo)
    return functools.partial(
        seed_from,
        directory=directory,
        base=arguments.base or asyncio.run(checked_out(directory)),
        title=issue.title if issue else DEFAULT_TITLE,
        body=issue.body if issue else "",
    )


async def _serve(state: Path, sow: Sow, arguments: Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = running(
        state,
        sow,
        port=arguments.port,
        webhook_url=arguments.webhook_url or "",
    )
    async with serving as forge:
        emit(forge.ready) if arguments.json else _introduce(forge.ready, state)
        await stop.wait()


def _introduce(ready: Mapping[str, Any], state: Path) -> None:
    say(f"The forge listens on {ready['html_url']} (pages, REST and git). Ctrl-C ends it.")
    say(f"  {ready['html_url']}/{ready['repository']}/issues/{ready['issue']}")
    for role, user in ready["users"].items():
        say(f"  {role:10} {user['login']:8} {user['token']}")
    say(f"  App {ready['app_id']}; its key, its secret and these tokens: {state}/forge.json")

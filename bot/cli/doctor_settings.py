"""What `coppice doctor` says of settings that name something: agent, file, port, server."""

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator

from bot.agent import catalogue
from bot.agent.registry import runtime
from bot.cli.check import Check, bad, good
from bot.cli.connection import is_loopback
from bot.engine.cluster import lock
from bot.errors import OperatorError, UserError
from bot.pipeline import configuration, errors
from bot.settings import PREFIX, Settings
from bot.store import postgres
from bot.store.sqlite import sqlite_path


def examine_settings(settings: Settings) -> list[Check]:
    """Try what the settings name; files and servers that are not named are not looked at."""
    checks = [_agent(settings), _attempts(settings)]
    if settings.config_file is not None:
        checks.append(_file("CONFIG_FILE", lambda: _rules(settings)))
    if settings.errors_file is not None:
        checks.append(_file("ERRORS_FILE", lambda: _classes(settings)))
    checks.append(_database(settings))
    return [check for check in (*checks, _port(settings)) if check is not None]


def _agent(settings: Settings) -> Check | None:
    if settings.agent == "scripted" and not is_loopback(settings.github_url):
        detail = "the scripted agent has no model and works against the local forge only"
        mend = f"Set {PREFIX}MODEL_URL and {PREFIX}MODEL; `coppice agents` lists other agents."
        return bad("agent", detail, mend)
    try:
        known = catalogue.load(settings)
    except OperatorError:
        return None  # said of the models
    try:
        runtime(
            settings.agent,
            scripts=settings.data_dir,
            agents=settings.agents_dir,
            profiles=known.profiles if known else {},
        )
    except OperatorError as error:
        return bad("agent", str(error), "`coppice agents` says which ones are installed.")
    return good("agent", settings.agent)


def _attempts(settings: Settings) -> Check | None:
    path = settings.config_file
    try:
        most = configuration.load(path.read_text() if path else "").limits.attempts
    except (UserError, OSError, ValueError):
        return None  # said of the file
    own = "" if path else ", where a repository's `limits.attempts` does not say otherwise"
    return good("attempts", f"{most} a run{own}")


def _file(name: str, read: Callable[[], str]) -> Check:
    try:
        return good(name.lower().replace("_", " "), read())
    except (OperatorError, UserError, OSError, ValueError) as error:
        return bad(f"{PREFIX}{name}", str(error), "Correct the file; docs/configuration.md has it.")


def _rules(settings: Settings) -> str:
    path = settings.config_file
    configuration.load(path.read_text() if path else "")
    return f"{path}, in the place of every .github/coppice.yml"


def _classes(settings: Settings) -> str:
    path = settings.errors_file
    return f"{path}: {len(errors.load(path) if path else ())} classes"


def _database(settings: Settings) -> Check:
    """Reach a server; of an SQLite file see that the address names one."""
    try:
        if settings.is_sqlite:
            return good("database", f"SQLite, {sqlite_path(settings.database_url)}")
        version = postgres.server_version(settings.database_url)
    except OperatorError as error:
        return bad("database", str(error), f"Start or mend the server, or {PREFIX}DATABASE_URL.")
    return good("database", f"PostgreSQL {version}")


def _port(settings: Settings) -> Check | None:
    """Take the port for a moment, unless a service of this data directory has it."""
    place = f"{settings.host}:{settings.port}"
    if not settings.data_dir.is_dir():
        return None
    try:
        with lock.hold(settings.data_dir), _taken(settings.host, settings.port):
            return good("port", f"{place} is free")
    except OperatorError as error:
        if error.exit_code != lock.IN_USE:
            return bad("data directory", str(error), f"`chown` it, or set {PREFIX}DATA_DIR.")
        return good("port", f"{place}: a service of this data directory runs")
    except OSError as error:
        detail = f"{place} cannot be had: {error.strerror or error}"
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return bad("port", detail, f"Set {PREFIX}PORT to another one, or end what has it.")
        return bad("port", detail, f"Set {PREFIX}HOST to an address of this machine.")


@contextlib.contextmanager
def _taken(host: str, port: int) -> Iterator[None]:
    kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(kind, socket.SOCK_STREAM) as taken:
        if os.name == "posix":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        yield

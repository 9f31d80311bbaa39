"""`coppice doctor`: check the settings, the machine and the App, and say how to mend each."""

import asyncio
import os
import re
import shutil
import sqlite3
from dataclasses import asdict
from pathlib import Path

from pydantic import SecretStr

from bot.cli.boxes import find_box
from bot.cli.check import Check, bad, good
from bot.cli.doctor_app import examine_app
from bot.cli.doctor_key import examine_key
from bot.cli.doctor_models import examine_models
from bot.cli.doctor_settings import examine_settings
from bot.cli.output import emit, say
from bot.errors import GitError, OperatorError
from bot.runs import Budget
from bot.settings import (
    PREFIX,
    WEBHOOK_SECRET_LENGTH,
    Settings,
    inspect,
    unknown_settings,
    variable,
)
from bot.settings.values import passwords
from bot.worktree.git import Git

MAY_HOLD_A_PASSWORD = ("database_url", "https_proxy")
LEAST_GIT = (2, 38)
LEAST_SQLITE = (3, 35)
LEAST_FREE = 2 * 2**30


def run(*, as_json: bool) -> int:
    """Print every check; exit 1 when one is not ok."""
    checks = asyncio.run(examine())
    if as_json:
        emit([asdict(check) for check in checks])
    else:
        _show(checks)
    return 0 if all(check.ok for check in checks) else 1


async def examine() -> list[Check]:
    """Do every check that the settings allow."""
    settings, problems = inspect(Settings)
    checks = [bad(problem.variable, problem.message, problem.mend) for problem in problems]
    checks += [_unknown(name) for name in unknown_settings()]
    checks += [await _git(), _sqlite()]
    if settings is None:
        return checks
    checks = _settings(settings) + checks
    checks += [await _box(settings), _data_dir(settings), _disk(settings.data_dir)]
    checks += [*examine_settings(settings), *examine_models(settings), examine_key(settings)]
    return checks + await examine_app(settings)


def _show(checks: list[Check]) -> None:
    for check in checks:
        say(f"{'ok ' if check.ok else 'BAD'}  {check.check}: {check.detail}")
        if check.mend:
            say(f"     {check.mend}")


def _settings(settings: Settings) -> list[Check]:
    checks = {
        name: good(variable(name), _shown(name, getattr(settings, name)))
        for name in type(settings).model_fields
    }
    if len(settings.webhook_secret) < WEBHOOK_SECRET_LENGTH:
        checks["webhook_secret"] = bad(
            variable("webhook_secret"),
            f"{len(settings.webhook_secret)} characters can be guessed",
            "Set a longer one, for example from `openssl rand -hex 32`, on the App's page too.",
        )
    return list(checks.values())


def _shown(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return f"set ({len(value)} characters)" if value else "not set"
    if value and (name in MAY_HOLD_A_PASSWORD or _holds_a_password(value)):
        return f"set ({str(value).partition(':')[0]}://…)"
    if isinstance(value, tuple):
        return ":".join(map(str, value))
    if isinstance(value, Budget):
        return str(value) or "no limit"
    return "not set" if value is None else str(value)


def _holds_a_password(value: object) -> bool:
    return isinstance(value, str) and "://" in value and bool(passwords(value))


def _unknown(name: str) -> Check:
    return bad(name.split()[0], "no setting reads it", f"Remove or correct it: {name}.")


async def _git() -> Check:
    least = ".".join(map(str, LEAST_GIT))
    mend = f"Install git {least} or newer: apt-get install -y git."
    try:
        said = await Git(directory=Path("/")).text("version")
    except (GitError, OSError) as error:
        return bad("git", str(error), mend)
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    return good("git", said) if version >= LEAST_GIT else bad("git", said, mend)


def _sqlite() -> Check:
    found = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= LEAST_SQLITE:
        return good("sqlite", found)
    least = ".".join(map(str, LEAST_SQLITE))
    return bad("sqlite", found, f"Use a Python that is built with SQLite {least} or newer.")


async def _box(settings: Settings) -> Check:
    try:
        box = await find_box(settings)
    except OperatorError as error:
        return bad("box", "no box can be set up", str(error))
    return good("box", f"level {box.level.value}, {box.level.label}; {box.held}")


def _data_dir(settings: Settings) -> Check:
    path = settings.data_dir
    try:
        settings.prepare_data_dir()
    except OperatorError as error:
        return bad("data directory", f"{path} cannot be used", str(error))
    if os.access(path, os.W_OK | os.X_OK):
        return good("data directory", f"{path}, mode 700")
    mend = f"Let this user write there, or set {PREFIX}DATA_DIR."
    return bad("data directory", f"{path} cannot be written", mend)


def _disk(path: Path) -> Check:
    existing = next(p for p in (path, *path.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 2**30:.1f} GB at {existing}"
    if free >= LEAST_FREE:
        return good("free disk", detail)
    mend = f"Make room for {LEAST_FREE >> 30} GB, or set {PREFIX}DATA_DIR to another disk."
    return bad("free disk", detail, mend)

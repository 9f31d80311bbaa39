"""`coppice support`: one file to send to whoever helps, with nothing secret in it.

Settings are masked, people's words and code stay out, and every line is looked through once more
for the operator's own secrets and for anything that looks like one.
"""

import asyncio
import io
import json
import os
import platform
import sqlite3
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.agent import catalogue
from bot.cli import doctor, operator, stored
from bot.cli.output import emit, note, say
from bot.cli.staff import secrets_of
from bot.errors import OperatorError
from bot.guard import secrets as guard
from bot.guard.known import withhold_lines
from bot.settings import Settings, StoreSettings, inspect, load
from bot.store import audit, secrets
from bot.store.database import Connection
from bot.store.keeping import outline

WITHHELD = "(withheld: it looks like a secret)"
LAST_LINES = 2000
_DOCTOR_SECONDS = 60.0
_MARKER = "marker"
_PARTS: dict[str, Callable[[Connection], object]] = {
    "counts.json": outline.counts,
    "deliveries.json": outline.deliveries,
    "runs.json": outline.runs,
    "events.json": outline.events,
    "audit.json": lambda c: "{}:{}".format(*audit.head(c)),
}


def run(to: str | None, logs: Sequence[str], *, as_json: bool) -> int:
    """Write the bundle and name what is in it."""
    settings, _ = inspect(Settings)
    path = Path(to).expanduser().absolute() if to else _usual()
    operator.require_free(path)
    found = dict(_read(settings, _tails([Path(each) for each in logs])))
    clean = Cleaner(_known(settings))
    members = {name: clean(text, name) for name, text in found.items()}
    _write(path, members)
    if as_json:
        emit({"file": str(path), "members": sorted(members), "withheld": clean.withheld})
        return 0
    say(f"{path}: {', '.join(sorted(members))}")
    if clean.withheld:
        say(f"{clean.withheld} lines that held a secret, or looked like it, were left out")
    note("look through it before you send it: `tar xzf`; it is all text")
    return 0


class Cleaner:
    """Takes out of text what must not leave."""

    def __init__(self, known: Sequence[str]) -> None:
        self._known = tuple(known)
        self._mask = log.Masker(known)
        self.withheld = 0
        """Lines."""

    def __call__(self, text: str, name: str) -> str:
        masked = withhold_lines(lambda: self._known, self._mask(text))
        lines = masked.split("\n")
        for finding in guard.scan(masked.encode(errors="replace"), name):
            lines[finding.line - 1] = WITHHELD
        before = text.split("\n")
        self.withheld += sum(a != b for a, b in zip(before, lines, strict=False))
        return "\n".join(lines)


def _read(settings: Settings | None, logs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "versions.json", _json(_versions())
    yield "doctor.json", _json([asdict(check) for check in _checks()])
    try:
        yield from list(_of_database(known=settings is not None))
    except (OperatorError, SQLAlchemyError) as error:  # just then somebody needs this file
        yield "database.txt", f"the database cannot be read: {error}\n"
    if settings is not None:
        yield from logs.items()
        return
    left_out = "".join(f"; {name} is left out" for name in logs)
    note(
        "a setting is wrong, so only counts and versions are in it; `coppice doctor` says which"
        f"{left_out}"
    )


def _of_database(*, known: bool) -> Iterator[tuple[str, str]]:
    if not stored.is_there():
        return
    for name, part in _PARTS.items():
        # without the settings nobody knows what has to stay out
        if known or name in ("counts.json", "audit.json"):
            yield name, _part(part)
    yield "schema.sql", stored.read(outline.schema)


def _part(read: Callable[[Connection], object]) -> str:
    try:
        return _json(stored.read(read))
    except (OperatorError, SQLAlchemyError):
        raise
    except Exception as error:  # noqa: BLE001 a row edited by hand: the rest is needed all the more
        what = f"it cannot be read ({type(error).__name__}): `coppice verify-store` names the row"
        return _json(what)


def _checks() -> list[Any]:
    async def examine() -> list[Any]:
        async with asyncio.timeout(_DOCTOR_SECONDS):
            return await doctor.examine()

    try:
        return asyncio.run(examine())
    except TimeoutError:
        return []


def _versions() -> dict[str, Any]:
    names = (d.metadata["Name"] for d in distributions())
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version,
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "processors": os.cpu_count(),
        "packages": dict(sorted(zip(names, (d.version for d in distributions()), strict=True))),
    }


def _known(settings: Settings | None) -> tuple[str, ...]:
    """List what must not leave: of the settings, of the models' file, of the database."""
    found: list[str] = []
    if settings is not None:
        try:
            models = catalogue.load(settings)
        except OperatorError:
            models = None
        found += secrets_of(settings, models)
    with suppress(OperatorError, SQLAlchemyError):  # then nothing of it is in the file either
        marker = stored.read(lambda c: secrets.get(c, _MARKER))
        found += [] if marker is None else [marker.hex(), marker.decode("latin-1")]
    return tuple(filter(None, found))


def _tails(paths: Sequence[Path]) -> dict[str, str]:
    """Read the ends of logs, those of the same name apart; raises OperatorError."""
    found: dict[str, str] = {}
    for path in paths:
        name = f"logs/{path.name}"
        if name in found:
            name = f"logs/{len(found) + 1}-{path.name}"
        found[name] = _tail(path)
    return found


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-LAST_LINES:]) + "\n"
    except OSError as error:
        raise OperatorError(f"--log {path}: {error.strerror}") from error


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def _usual() -> Path:
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return load(StoreSettings).data_dir / f"coppice-support-{now}.tar.gz"


def _write(path: Path, members: dict[str, str]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
            for name, text in members.items():
                data = text.encode(errors="replace")
                info = tarfile.TarInfo(f"coppice-support/{name}")
                info.size, info.mode, info.mtime = len(data), 0o600, int(time.time())
                tar.addfile(info, io.BytesIO(data))
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}") from error

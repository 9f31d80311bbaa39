"""How PostgreSQL is reached; imports no SQLAlchemy, so that the door stays small."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bot.errors import OperatorError

DELIVERIES = "coppice_deliveries"
"""The channel on which writers say that something came in (bot.store.journal.postgres)."""
CONNECT_SECONDS = 5
_SILENCE_MILLISECONDS = 8000
_DRIVER = re.compile(r"^(?:postgresql\+psycopg|postgres)(?=://)")
_UNREADABLE = (
    "COPPICE_DATABASE_URL cannot be read: it is postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with"
    " special characters of user and password written as %XX (`@` is %40, `/` is %2F, `:` is %3A)"
)

_HINTS = (
    (
        r"password authentication failed|no password supplied",
        "user or password in COPPICE_DATABASE_URL is wrong",
    ),
    (r"no pg_hba\.conf entry", "the server's pg_hba.conf does not let this user in from here"),
    (r'database ".*" does not exist', "create it first, for example by `createdb`"),
    (r'role ".*" does not exist', "create the user first, for example by `createuser`"),
    (
        r"permission denied",
        "as the owner of the database: GRANT CONNECT, CREATE ON DATABASE … TO …;"
        " GRANT USAGE, CREATE ON SCHEMA public TO …",
    ),
    (r"too many (?:clients|connections)|remaining connection slots", "raise max_connections"),
    (
        r"refused|No such file|timeout expired|translate host|not known|unreachable|timed out",
        "is it running, and can this machine reach it?",
    ),
)


def parameters(
    url: str, *, name: str, statement_seconds: float | None, idle_seconds: float | None = None
) -> dict[str, Any]:
    """Say how to connect: what the URL says, and time limits where it says nothing.

    ``name`` is shown in `pg_stat_activity`. A server that has gone silent is given up after some
    seconds; after ``idle_seconds`` in a transaction the server gives us up, so that a process that
    is stopped in the middle of one keeps no rows locked for ever. Raises OperatorError, which
    never repeats the URL: there is a password in it.
    """
    given = read(url)
    limits = {
        "statement_timeout": statement_seconds,
        "idle_in_transaction_session_timeout": idle_seconds,
    }
    said = [f"-c {what}={int(most * 1000)}" for what, most in limits.items() if most]
    options = " ".join(filter(None, (*said, given.get("options"))))
    usual = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": f"coppice-{name}",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": _SILENCE_MILLISECONDS,
    }
    return {**usual, **given, **({"options": options} if options else {})}


def read(url: str) -> dict[str, Any]:
    """Take a URL apart into what libpq calls its parts. Raises OperatorError."""
    try:
        given = conninfo_to_dict(_DRIVER.sub("postgresql", url))
    except psycopg.ProgrammingError:
        raise OperatorError(_UNREADABLE) from None
    ports = str(given.get("port", "")).replace(",", "")
    if "@" in f"{given.get('host')}{given.get('dbname')}" or not (ports.isdigit() or not ports):
        raise OperatorError(_UNREADABLE)  # a part of the password, most likely
    return given


def complaint(error: Exception, url: str) -> OperatorError:
    """Put what the server or the network said into one line, without the password."""
    given = read(url)
    said = " ".join(str(error).split())
    if password := given.get("password"):
        said = said.replace(str(password), "***")
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, said)), None)
    place = f"{given.get('host', 'this machine')}, database {given.get('dbname', '')}".strip()
    return OperatorError(f"PostgreSQL ({place}): {said}" + (f" ({hint})" if hint else ""))


def server_version(url: str) -> int:
    """Connect once, and name the server's major version. Raises OperatorError that has a hint."""
    given = parameters(url, name="doctor", statement_seconds=CONNECT_SECONDS)
    try:
        with psycopg.connect(**given) as connection:
            return connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise complaint(error, url) from error


def is_outage(error: BaseException | None) -> bool:
    """Say whether the same may well succeed later: the fault is the server's, not the query's."""
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return state[:2] in _OUTAGES or state in _OUTAGE


_OUTAGES = {"08", "53", "57", "58"}
"""Connections, resources, an operator's intervention (time limits too), the system."""
_OUTAGE = {"25006", "40001", "40P01", "55P03", "25P03"}
"""Read-only, serialization, deadlock, a lock that is not free, idle too long in a transaction."""

"""Who types commands on this machine: their name goes into the audit log."""

import getpass
from pathlib import Path

from bot.errors import OperatorError
from bot.store.audit import Act, Entry


def entry(act: Act, **data: object) -> Entry:
    """Make the audit entry of a command of the operator."""
    return Entry(who=f"operator {_name()}", act=act, data=data)


def require_free(path: Path) -> None:
    """Raise OperatorError where something is already, or where this user may not look."""
    try:
        taken = path.exists()
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}") from error
    if taken:
        raise OperatorError(f"{path} is there already: name another file with --to")


def _name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "unknown"

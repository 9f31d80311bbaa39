"""Who types commands on this machine: their name goes into the audit log."""

import getpass

from bot.store.audit import Act, Entry


def entry(act: Act, **data: object) -> Entry:
    """Make the audit entry of a command of the operator."""
    return Entry(who=f"operator {_name()}", act=act, data=data)


def _name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "unknown"

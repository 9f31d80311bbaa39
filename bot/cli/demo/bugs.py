"""What the demo makes of an error that nobody foresaw."""

import traceback
from pathlib import Path

from bot.errors import CoppiceError, OperatorError

TRACEBACK = Path("logs", "traceback.txt")
"""Where in the state directory it is written."""


class Bug(OperatorError):
    """One line that says what happened and where its traceback is."""


def named(error: Exception, state: Path) -> CoppiceError:
    """Give an error of ours as it is, and any other as a Bug."""
    if isinstance(error, CoppiceError):
        return error
    what = " ".join(f"{type(error).__name__}: {error}".split())
    path = state / TRACEBACK
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), errors="backslashreplace")
    except OSError as refused:
        where = f"cannot be written: {refused.strerror}"
    else:
        where = f"is in {path}"
    return Bug(f"internal error, {what}; its traceback {where}", exit_code=1)

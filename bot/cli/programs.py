"""Programs of the system that commands cannot do without."""

import shutil

from bot.errors import OperatorError


def require_git() -> None:
    """Raise OperatorError where there is none, before anything else fails for it."""
    if shutil.which("git") is None:
        raise OperatorError("git is missing. Type: apt-get install -y git")

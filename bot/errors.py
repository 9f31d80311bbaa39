"""Every error that Coppice raises on purpose, sorted by who has to act on it.

- ``UserError``: somebody on GitHub asked for what cannot be done; the text becomes a comment.
- ``StageFailed``: a stage ended without a result; the text becomes a check run.
- ``OperatorError``: a setting or the machine is wrong; the text goes to stderr.

Anything else is a bug: a traceback in the log, "internal error" on GitHub.
"""

import re
from typing import Any

# What git speaks of: addresses, refs, paths and object ids. Strangers choose them, or chance does.
_SPOKEN_OF = re.compile(
    r"(?<=')(?<!\w')[^'\n/]*+/[^'\n]*+(?=')"  # quoted, where it may have blanks
    r"|(?<!\S)\S++ -> \S+|(?<!\S)\S*refs/\S+|(?<![^\s'])[^\s'/]*+/[^\s']+|\b[0-9a-f]{7,64}\b"
)


class CoppiceError(Exception):
    """Base of every error that this project raises on purpose.

    The engine keeps what a step raised by pickling it; pickle calls a class with ``args`` only.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _anew, (type(self), self.args, self.__dict__)


def _anew(kind: type[CoppiceError], words: tuple[Any, ...], known: dict[str, Any]) -> CoppiceError:
    error = kind.__new__(kind, *words)
    error.__dict__.update(known)
    return error


class UserError(CoppiceError):
    """A request that Coppice will not carry out; the text is posted back as a comment."""


class OperatorError(CoppiceError):
    """The installation cannot work as it is set up; the text says what to change."""

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Unreadable(OperatorError):
    """A row that this release cannot read: a newer one wrote it, or somebody changed it."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"{what} cannot be read by this version: {why}. A newer version wrote it, or somebody"
            " changed it by hand: `coppice verify-store` says what does not fit",
            exit_code=1,
        )
        self.why = why


class StageFailed(CoppiceError):
    """A stage ended without a result.

    ``kind`` is the ``error.class`` that scripts read (for example ``no_changes``). ``blocked`` says
    that a rule or a person is in the way, so that another attempt would change nothing.
    """

    def __init__(self, kind: str, reason: str, *, blocked: bool = False) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.blocked = blocked


class GitError(CoppiceError):
    """git refused or failed; ``stderr`` is git's own word, without credentials."""

    def __init__(self, command: str, exit_code: int, stderr: str) -> None:
        super().__init__(f"git {command} ended with {exit_code}: {stderr.strip()[:2000]}")
        self.command = command
        self.exit_code = exit_code
        self.stderr = stderr

    @property
    def words(self) -> str:
        """``stderr`` without what it speaks of, to look for signs in: a port or a commit may hold
        "403", a branch "dco"."""
        return _SPOKEN_OF.sub("", self.stderr)


class EffectRefused(CoppiceError):
    """GitHub refuses an effect for a reason that trying again will not change.

    ``kind`` names the reason (``protected_branch``, ``push_protection``, ``signatures_required``,
    ``sign_off_required``, ``workflow_permission``, ``branch_moved``, ``gone``, ``no_access``,
    ``suspended``, ``uninstalled``, ``archived``, ``invalid``).
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class EffectDelayed(CoppiceError):
    """GitHub, our own budget or a run that has to end first asks to wait; the effect, or the
    delivery that wants it, is tried again after ``seconds``.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds

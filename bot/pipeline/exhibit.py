"""What a reviewer is shown of somebody's difference: numbered lines, nothing hidden, no secret.

Whole files are left out, not cut through: people are told which.
"""

import re
from collections.abc import Iterator, Sequence

from bot.guard.invisible import HIDDEN, shown
from bot.guard.secrets import scan
from bot.pipeline.findings import Finding, Severity
from bot.pipeline.placing import FileDifference, Row
from bot.runs import Record

MOST_CHARACTERS = 200_000
"""What one reviewer reads in one go."""
_DECEIVING = re.compile("[\u200b\u2060\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


class Exhibit(Record):
    text: str
    files: tuple[str, ...]
    """Paths that it shows."""
    left_out: tuple[tuple[str, str], ...]
    """Paths that it does not show, each with the reason."""
    findings: tuple[Finding, ...]
    """What is seen without any model."""


def exhibit(differences: Sequence[FileDifference], most: int = MOST_CHARACTERS) -> Exhibit:
    """Write down what a reviewer reads; scans for secrets, so call it in a thread.

    Raises TimeoutError where a scan takes too long: then nothing is shown to anybody.
    """
    texts: list[str] = []
    files: list[str] = []
    left_out: list[tuple[str, str]] = []
    findings: list[Finding] = []
    room = most
    for file in differences:
        text = HIDDEN.sub(lambda found: shown(found[0]), file.numbered())
        if len(text) > room:
            left_out.append((file.path, "too long to be read with the rest"))
            continue
        findings += _hidden(file)
        secrets = _secrets(file)
        if secrets:
            findings += [finding for finding in secrets if finding is not None]
            left_out.append((file.path, "holds what looks like a secret"))
            continue
        room -= len(text)
        texts.append(text)
        if file.binary:
            left_out.append((file.path, "binary"))
        else:
            files.append(file.path)
    return Exhibit(
        text="\n".join(texts),
        files=tuple(files),
        left_out=tuple(left_out),
        findings=tuple(findings),
    )


def _hidden(file: FileDifference) -> Iterator[Finding]:
    for row in file.rows:
        if row.old is None and _DECEIVING.search(row.text):
            yield Finding(
                file=file.path,
                line=row.new,
                severity=Severity.MUST,
                title="This line holds characters that nobody sees.",
                reason="Readers and compilers may take it for different things.",
            )


def _secrets(file: FileDifference) -> list[Finding | None]:
    """What looks like a secret in the lines shown; None: in lines that were there before."""
    data = "\n".join(row.text for row in file.rows).encode(errors="replace")
    return [_secret(file, file.rows[found.line - 1], found.rule) for found in scan(data, file.path)]


def _secret(file: FileDifference, row: Row, rule: str) -> Finding | None:
    if row.old is not None:
        return None
    return Finding(
        file=file.path,
        line=row.new,
        severity=Severity.MUST,
        title="This line holds what looks like a secret.",
        reason=f"Rule {rule}. Revoke it where it was issued: a later commit does not undo that it"
        " was pushed.",
    )

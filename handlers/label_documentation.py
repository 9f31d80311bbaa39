"""Write ``docs/labels.md`` from the code.

``python -m handlers.label_documentation`` prints it; a test holds the file against it.
"""

import sys

from bot.github.texts import checks
from bot.github.texts import labels as mirrors
from bot.pipeline.configuration import RepositoryConfig
from handlers import labels

_HEAD = """\
# Labels

This page is written from the code: `python -m handlers.label_documentation`.

Labels are inputs and mirrors. A label counts only if somebody who may steer put it on, by GitHub's
word at that moment; else it is ignored with a reason (`coppice deliveries`, the status comment).
"""


def page() -> str:
    """Return the whole page."""
    trigger = RepositoryConfig().trigger.label
    acting = [
        (
            trigger,
            "starts a run; taken off, it stops it, and put on again it starts the next one"
            " (`trigger.label` names another one)",
        ),
        (labels.PLAN, "starts a run that ends with its plan; taken off before, it stops it"),
        (
            labels.APPROVE,
            "approves the plan that was there to read when the label was put on; a later one waits",
        ),
        (
            labels.REVIEW,
            "on a pull request, anybody's: has it read, and what is found said in one review;"
            " taken off, it stops that",
        ),
    ]
    choosing = [(f"{labels.PREFIX}{key}=…", labels.CHOSEN[key]) for key in labels.CHOICES]
    shown = [(name, words) for name, (_, words) in mirrors.MIRRORS.items()]
    return "\n".join(
        [
            _HEAD,
            _table("What people put on an issue", acting),
            _table("What they choose for its next run", choosing),
            "A word of `/coppice run` goes before a label.\n",
            _table("What Coppice shows", shown),
            "None when it is done. They are made at a repository's first run; what people make of",
            "their colours and descriptions afterwards stays.\n",
            _buttons(),
        ]
    )


def _buttons() -> str:
    """Which buttons there are when."""
    rows = [
        f"| {state} | {', '.join(f'*{button.label}*' for button in shown) or 'none'} |"
        for state, shown in checks.BUTTONS.items()
    ]
    said = "A button is about what stood there when it was pressed, and for people who may write."
    table = ["| where the run stands | buttons |", "|---|---|", *rows, ""]
    return "\n".join(["## Buttons of the check run `Coppice`", "", said, "", *table])


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| `{label}` | {meaning} |" for label, meaning in rows]
    return "\n".join([f"## {title}", "", "| label | meaning |", "|---|---|", *lines, ""])


if __name__ == "__main__":
    sys.stdout.write(page())

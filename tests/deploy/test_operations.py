"""docs/operations.md: what it tells people to type exists."""

import re

from bot.cli.tree import COMMANDS, build
from tests.deploy.rig import ROOT

GUIDE = (ROOT / "docs" / "operations.md").read_text()
WORDS = {"RUN": "4f9a1c2b7d3e", "FILE": "f.tar", "NAME": "w-1", "BACKUP": "f.tar", "N": "1"}


def typed() -> set[str]:
    """Everything in code that begins with the program's name."""
    said = re.findall(r"`coppice ([a-z][^`|\n]*)`", GUIDE)
    return {re.sub(r"\[([^]]*)\]", r"\1", line).strip() for line in said}


def test_every_command_of_the_guide_can_be_typed() -> None:
    lines = {line for line in typed() if line.split()[0] in COMMANDS}

    assert len(lines) > 15
    for line in lines:
        build().parse_args([WORDS.get(word, word) for word in line.split()])
    assert {line for line in typed() - lines if not line.startswith("-")} == set()


def test_every_file_of_the_guide_exists() -> None:
    named = re.findall(r"`(deploy/[\w./-]+|tests/[\w./]+)`", GUIDE)

    assert named
    made_by_hand = "deploy/container/secrets"
    assert {name for name in named if not (ROOT / name).exists()} <= {made_by_hand}

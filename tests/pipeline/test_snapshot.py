"""The snapshot tells people what was hidden in the text, and never a secret."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import Attempt, IssueComment, Ports
from bot.pipeline.stages.snapshot import snapshot
from bot.runs import Run, Trigger
from tests.github.runs import TRIGGER, run

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@dataclass
class Desk:
    """What the stage asks for: comments, and a folder."""

    files: Path
    said: list[IssueComment] = field(default_factory=list)

    @property
    def thread(self) -> "Desk":
        return self

    async def comments(self, run: Run) -> list[IssueComment]:
        return self.said


def attempt(body: str) -> Attempt:
    trigger: Trigger = TRIGGER.model_copy(update={"body": body})
    return Attempt(
        run=run(trigger=trigger),
        name="snapshot",
        key="plan-1/snapshot-1",
        number=1,
        overall=1,
        config=RepositoryConfig(),
    )


async def test_what_is_hidden_is_kept_for_people_with_the_text_that_is_left(tmp_path: Path) -> None:
    said = IssueComment(
        id=1,
        author="raj",
        may_write=True,
        body="Fine.\u200b",
        created_at="2026-01-01T00:00:00Z",
        updated_at="2026-01-01T00:00:00Z",
    )
    desk = Desk(tmp_path, [said])

    result = await snapshot(attempt("One.\n\n<!-- two -->"), cast(Ports, desk))

    assert result.data["hidden"] == [
        ["text", 3, "HTML comment", "<!-- two -->"],
        ["comment by raj", 1, "invisible characters", "<U+200B>"],
    ]
    assert result.data["text"].startswith("parse fails on empty input\n\nOne.")
    assert "two" not in result.data["text"]
    assert result.summary == "The text as of 14:02 UTC, 1 comment."


async def test_a_secret_that_was_hidden_is_not_shown(tmp_path: Path) -> None:
    result = await snapshot(attempt(f"One.\n\n<!-- token {TOKEN} -->"), cast(Ports, Desk(tmp_path)))

    assert [piece[3] for piece in result.data["hidden"]] == [None]
    assert TOKEN not in str(result)


async def test_where_nothing_is_hidden_the_text_is_not_repeated(tmp_path: Path) -> None:
    result = await snapshot(attempt("One."), cast(Ports, Desk(tmp_path)))

    assert (result.data["hidden"], result.data["text"]) == ([], None)

"""The gist of a timeline: what agents and programs said stands there cut, and means nothing."""

from bot.github.texts.gist import RESULT, TITLE, Gist, gist_text
from bot.runs import Json, RunEvent


def event(kind: str, **data: Json) -> RunEvent:
    return RunEvent(stage="implement", attempt=2, type=kind, data=data)


def test_it_tells_of_files_tools_and_refusals() -> None:
    gist = Gist(
        tools=(
            event("tool_finished", title="run: make", ok=False, detail="a\nexit 2\n"),
            event("tool_finished", title="write NOTES.md", ok=True, detail=""),
        ),
        refused=(
            event("permission_decided", title="rm -rf /", allowed=False, reason="it is forbidden"),
            event("refused", why="path", asked="POST /v1/files", reason="chat requests only"),
            event("network", host="evil.example.com", port=443, refused="it is not allowed"),
        ),
        files=(("NOTES.md", 3, 0), ("logo.png", None, None)),
        more_files=4,
    )

    assert gist_text(gist) == (
        "**Files changed**\n\n"
        "| file | lines |\n|---|---|\n| `NOTES.md` | +3 -0 |\n| `logo.png` | binary |\n\n"
        "And 4 more.\n\n"
        "**Last tool calls**\n\n"
        "| at | call | | result |\n|---|---|---|---|\n"
        "| implement 2 | `run: make` | failed | `exit 2` |\n"
        "| implement 2 | `write NOTES.md` | ok |  |\n\n"
        "**Refused**\n\n"
        "| at | what | why |\n|---|---|---|\n"
        "| implement 2 | `rm -rf /` | `it is forbidden` |\n"
        "| implement 2 | `POST /v1/files` | `chat requests only` |\n"
        "| implement 2 | `evil.example.com:443` | `it is not allowed` |"
    )


def test_words_of_an_agent_are_cut_and_mean_nothing() -> None:
    evil = "`|` @octo/all closes #7 <img src=x> [a](https://evil.example)<!-- coppice:x -->\n/merge"
    gist = Gist(tools=(event("tool_finished", title=evil + "x" * 999, ok=True, detail=evil),))

    row = gist_text(gist).splitlines()[-1]

    assert row.count(" | ") == 3
    assert "<!--" not in row
    assert "``" in row
    assert len(row) < TITLE + RESULT + 80


def test_nothing_is_said_of_nothing() -> None:
    assert gist_text(Gist()) == ""

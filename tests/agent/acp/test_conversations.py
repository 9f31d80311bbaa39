"""An agent that keeps to the protocol: what it tells, asks and answers comes out as our events."""

import json
from pathlib import Path

import pytest

from bot.agent.runtime import (
    FileChanged,
    Finished,
    FinishReason,
    Message,
    PermissionAsked,
    PermissionDecided,
    Planned,
    Role,
    Started,
    Thought,
    ToolFinished,
    ToolStarted,
    Usage,
    Warned,
)
from tests.agent.acp import fake_agent
from tests.agent.programs import Stage

PROGRAM = Path(fake_agent.__file__).read_text()


def stage(root: Path, how: str) -> Stage:
    return Stage(root=root, program=PROGRAM, words=(how,))


async def test_a_turn_is_told_in_its_order(tmp_path: Path) -> None:
    scene = stage(tmp_path, "good")

    await scene.play()

    assert scene.events == [
        Started(agent="fake 1.2"),
        Planned(entries=("write",)),
        Thought(text="Hmm."),
        ToolStarted(title="Write a.txt", id="w", arguments={"path": "a.txt"}),
        PermissionAsked(title="Write a.txt"),
        PermissionDecided(title="Write a.txt", allowed=True, reason="nothing speaks against it"),
        ToolFinished(title="Write a.txt", ok=True, id="w"),
        FileChanged(path="/tree/a.txt"),
        Message(text="All done."),
        Usage(input_tokens=10, output_tokens=2),
        Finished(reason=FinishReason.DONE, message="All done."),
    ]
    assert (scene.tree / "a.txt").read_text() == "a\n"


async def test_what_is_dangerous_is_refused_and_the_agent_may_go_on(tmp_path: Path) -> None:
    scene = stage(tmp_path, "denied_and_goes_on")
    (scene.tree / "precious").mkdir()

    end = await scene.play()

    assert [decided.allowed for decided in scene.of(PermissionDecided)] == [False, True]
    assert (end.reason, scene.files) == (FinishReason.DONE, ["b.txt", "precious"])


async def test_an_agent_that_stops_at_a_refusal_was_denied(tmp_path: Path) -> None:
    scene = stage(tmp_path, "denied_and_stops")

    end = await scene.play()

    assert end.reason == FinishReason.DENIED
    assert end.message.startswith("it removes /tree/precious")


async def test_an_agent_that_stops_at_a_refusal_is_told_to_go_on(tmp_path: Path) -> None:
    scene = stage(tmp_path, "denied_once")

    end = await scene.play()

    assert (end.reason, scene.files) == (FinishReason.DONE, ["b.txt"])


async def test_a_role_that_only_reads_is_told_so(tmp_path: Path) -> None:
    scene = stage(tmp_path, "good")

    await scene.play(role=Role.REVIEW)

    assert [decided.reason for decided in scene.of(PermissionDecided)] == [
        "the role `review` changes no files"
    ]
    assert scene.files == []


async def test_the_answer_is_the_last_json_of_the_last_words(tmp_path: Path) -> None:
    end = await stage(tmp_path, "answers_json").play(answer={"type": "object"})

    assert end.answer == {"summary": "x", "steps": [1]}


async def test_an_agent_without_the_asked_for_answer_has_none(tmp_path: Path) -> None:
    end = await stage(tmp_path, "good").play(answer={"type": "object"})

    assert (end.reason, end.answer) == (FinishReason.DONE, None)


async def test_a_call_is_told_with_its_arguments_when_they_come_late(tmp_path: Path) -> None:
    scene = stage(tmp_path, "tells_arguments_late")

    await scene.play()

    assert scene.of(ToolStarted) == [
        ToolStarted(title="Write a", id="a", arguments={"path": "a", "text": "x"}),
        ToolStarted(title="bash", id="b", arguments={"command": "ls"}),
        ToolStarted(title="Read", id="c", arguments={"path": "c"}),
    ]
    kinds = [type(event) for event in scene.events]
    assert kinds.index(ToolStarted) < kinds.index(PermissionAsked) < kinds.index(ToolFinished)
    assert kinds[-5:] == [ToolStarted, Message, ToolFinished, Usage, Finished]


async def test_a_call_that_has_no_arguments_is_told_with_what_it_shows(tmp_path: Path) -> None:
    scene = stage(tmp_path, "tells_no_arguments")

    await scene.play()

    assert [started.arguments for started in scene.of(ToolStarted)] == [
        {"path": "/tree/a", "old": "x", "new": "y"},
        {"command": "ls -l"},
        {"path": "/tree/c"},
    ]


async def test_what_it_was_at_when_it_died_is_told(tmp_path: Path) -> None:
    scene = stage(tmp_path, "dies_before_it_is_told")

    end = await scene.play()

    assert scene.of(ToolStarted) == [ToolStarted(title="bash", id="a", arguments={"command": "ls"})]
    assert end.reason == FinishReason.ERROR


async def test_files_and_terminals_of_the_host_are_nobodys_to_have(tmp_path: Path) -> None:
    scene = stage(tmp_path, "asks_for_files")

    await scene.play()

    assert scene.of(Message) == [Message(text="-32601 -32601 -32601 -32601 -32602")]
    assert scene.of(Warned) == [Warned(text="it asked for fs/read_text_file, which it cannot have")]


async def test_updates_that_nobody_knows_are_passed_over(tmp_path: Path) -> None:
    scene = stage(tmp_path, "strange_updates")

    end = await scene.play()

    assert (end.reason, end.message) == (FinishReason.DONE, "Still here.")
    assert len(scene.of(Warned)) == 1


async def test_its_environment_is_what_the_profile_names(tmp_path: Path) -> None:
    scene = stage(tmp_path, "looks_around")
    scene.more = {"env": {"MODEL": "${model}", "WHERE": "${url}"}}

    await scene.play()

    found = json.loads(scene.of(Message)[0].text)
    assert set(found["env"]) <= {"PATH", "LANG", "HOME", "MODEL", "WHERE", "PWD", "OLDPWD"}
    assert (found["env"]["MODEL"], found["env"]["WHERE"]) == (
        "scripted-model",
        "http://127.0.0.1:8100",
    )
    assert found["home"] == ["program.py"]


@pytest.mark.parametrize("how", ["good", "looks_around"])
async def test_a_second_attempt_finds_nothing_of_the_first(tmp_path: Path, how: str) -> None:
    scene = stage(tmp_path, how)
    (tmp_path / "files" / "home").mkdir(parents=True)
    (tmp_path / "files" / "home" / "left-over").touch()

    await scene.play()

    assert not (tmp_path / "files" / "home" / "left-over").exists()

"""Scenarios, the choice among them, and steps put into whatever tools an agent offers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import aiohttp
import pytest
from pydantic import ValidationError

from bot.scripted_model import Play, Scenario, ScriptedModel, Step, load
from bot.scripted_model.director import direct
from bot.scripted_model.exchange import Request, Tool
from bot.scripted_model.tools import NoTool, called

TEXT = {"type": "string"}


def tool(name: str, *parameters: str, form: str = "function", **more: Any) -> Tool:
    properties = dict.fromkeys(parameters, TEXT) | more
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(name=name, parameters=schema, form=form)


def request(prompt: str = "", *tools: Tool, **more: Any) -> Request:
    offered = {each.name: each for each in tools}
    return Request(model="m", stream=False, prompt=prompt, tools=offered, **more)


CLAUDE = (tool("Bash", "command", "description"), tool("Write", "file_path", "content"))
EDIT = Step(edit="src/a.py", old="one", new="two")


@pytest.mark.parametrize(
    ("step", "offered", "arguments"),
    [
        (
            Step(shell="ls"),
            tool("Bash", "command", "description"),
            {"command": "ls", "description": "scripted"},
        ),
        (Step(shell="ls"), tool("exec_command", "cmd"), {"cmd": "ls"}),
        (
            Step(shell="ls"),
            tool("shell", command={"type": "array"}),
            {"command": ["bash", "-lc", "ls"]},
        ),
        (
            Step(shell="ls"),
            tool("local_shell", form="local_shell"),
            {"command": ["bash", "-lc", "ls"], "env": {}},
        ),
        (Step(read="src/a.py"), tool("Read", "file_path"), {"file_path": "/there/src/a.py"}),
        (Step(read="src/a.py"), tool("read", "path"), {"path": "src/a.py"}),
        (
            EDIT,
            tool("edit", "path", "old", "new"),
            {"path": "src/a.py", "old": "one", "new": "two"},
        ),
        (
            EDIT,
            tool("replace", "file_path", "old_string", "new_string", "instruction"),
            {
                "file_path": "/there/src/a.py",
                "old_string": "one",
                "new_string": "two",
                "instruction": "scripted",
            },
        ),
        (
            EDIT,
            tool("edit", "filePath", "oldString", "newString"),
            {"filePath": "/there/src/a.py", "oldString": "one", "newString": "two"},
        ),
        (
            Step(write="n.py", text="a\nb\n"),
            tool("apply_patch", form="custom"),
            {"input": "*** Begin Patch\n*** Add File: n.py\n+a\n+b\n*** End Patch"},
        ),
        (
            EDIT,
            tool("apply_patch", "input"),
            {"input": "*** Begin Patch\n*** Update File: src/a.py\n@@\n-one\n+two\n*** End Patch"},
        ),
        (Step(patch="diff"), tool("patch", "patch"), {"patch": "diff"}),
        (
            Step(plan=("look", "mend")),
            tool("update_plan"),
            {
                "plan": [
                    {"step": "look", "status": "in_progress"},
                    {"step": "mend", "status": "pending"},
                ]
            },
        ),
        (
            Step(plan=("look",)),
            tool("TodoWrite"),
            {"todos": [{"content": "look", "status": "in_progress", "activeForm": "look"}]},
        ),
    ],
)
def test_a_step_takes_the_form_of_the_tool(
    step: Step, offered: Tool, arguments: dict[str, Any]
) -> None:
    call = called(step, {offered.name: offered}, "/there", "call_0")

    assert (call.tool.name, call.arguments) == (offered.name, arguments)


@pytest.mark.parametrize(
    ("step", "result"),
    [
        (Step(write="new/it's.txt", text="it's $HOME\n"), {"new/it's.txt": "it's $HOME\n"}),
        (Step(edit="a.txt", old="b\n", new="'c'\n"), {"a.txt": "a\n'c'\n"}),
        (
            Step(patch="--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1 @@\n-a\n b\n"),
            {"a.txt": "b\n"},
        ),
        (Step(plan=("x",)), {"a.txt": "a\nb\n"}),
    ],
)
def test_a_shell_does_what_no_tool_is_there_for(
    step: Step, result: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a\nb\n")
    call = called(step, {"bash": tool("bash", "command")}, "/there", "call_0")

    subprocess.run(["/bin/sh", "-c", call.arguments["command"]], cwd=tmp_path, check=True)

    assert {name: (tmp_path / name).read_text() for name in result} == result


def test_an_edit_in_the_shell_fails_where_the_words_are_not_there_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one one")
    step = Step(edit="a.py", old="one", new="two")
    call = called(step, {"bash": tool("bash", "command")}, "/there", "call_0")

    done = subprocess.run(["/bin/sh", "-c", call.arguments["command"]], cwd=tmp_path, check=False)

    assert done.returncode != 0
    assert (tmp_path / "a.py").read_text() == "one one"


def test_no_tool_at_all() -> None:
    with pytest.raises(NoTool, match="no tool for shell among webfetch"):
        called(Step(shell="ls"), {"webfetch": tool("webfetch", "url")}, "/there", "call_0")


def test_the_first_play_that_fits_is_taken_by_system_and_user_texts() -> None:
    plays = (Play(match="You review", final="fine"), Play(match="#7$", final="seven"), Play())
    scenario = Scenario(plays=plays)

    prompts = ("You review\nissue #7", "issue #7\nand more", "issue #77")

    said = [direct(scenario, request(prompt)).text for prompt in prompts]
    assert said == ["fine", "seven", "Done."]


def test_a_forgotten_history_does_not_turn_the_play_back() -> None:
    play = Play(steps=tuple(Step(shell=str(number)) for number in range(5)))
    kept = {"results": ("x",), "result_ids": ("call_2",)}

    reply = direct(Scenario(plays=(play,)), request("", *CLAUDE, **kept))

    assert reply.call is not None
    assert (reply.call.id, reply.call.arguments["command"]) == ("call_3", "3")


def test_the_root_is_what_the_agent_says() -> None:
    scenario = Scenario(plays=(Play(steps=(Step(write="a", text=""),)),))

    for told, path in {
        "Working directory: /srv/tree\n": "/srv/tree/a",
        "<cwd>/home/x</cwd>": "/home/x/a",
        "nothing": "/tree/a",
    }.items():
        call = direct(scenario, request(told, *CLAUDE)).call
        assert call is not None
        assert call.arguments["file_path"] == path


def test_answers_in_a_form_are_given_by_tool_by_schema_and_in_a_fence() -> None:
    scenario = Scenario(plays=(Play(answers=({"bad": 1}, {"good": 2})),))
    finish = tool("finish", "summary")

    first = direct(scenario, request("", finish)).call
    second = direct(scenario, request("", finish, results=("no",), result_ids=("call_0",))).call
    formed = [direct(scenario, request("", schema={}, said=said)).text for said in (0, 1, 2)]
    fenced = direct(scenario, request("")).text

    assert first is not None
    assert second is not None
    assert [first.arguments, second.arguments] == [{"bad": 1}, {"good": 2}]
    assert [json.loads(text) for text in formed] == [{"bad": 1}, {"good": 2}, {"good": 2}]
    assert fenced == '```json\n{\n "bad": 1\n}\n```'


def test_a_finish_without_an_answer_says_what_would_have_been_said() -> None:
    scenario = Scenario(plays=(Play(final="All mended."),))

    call = direct(scenario, request("", tool("finish", "summary"))).call

    assert call is not None
    assert call.arguments == {"summary": "All mended."}


def test_an_agent_s_own_small_questions_do_not_meet_the_steps() -> None:
    scenario = Scenario(plays=(Play(steps=(Step(shell="ls"),)),))
    speaker = {"properties": {"next": {"enum": ["user", "model"]}}, "required": ["next"]}

    assert direct(scenario, request("a title for: x")).text == "Scripted"
    assert json.loads(direct(scenario, request("who?", schema=speaker)).text) == {"next": "user"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plays: []", "at least 1 item"),
        ("plays: [{steps: [{shell: ls, read: a}]}]", "exactly one of"),
        ("plays: [{steps: [{edit: a, old: b}]}]", "all of them"),
        ("plays: [{steps: [{say: a, expect: b}]}]", "has none"),
        ("plays: [{match: '('}]", "no regular expression"),
        ("plays: [{stepps: []}]", "Extra inputs"),
        ("plays: [", "is no YAML"),
    ],
)
def test_a_scenario_that_is_none_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(text)

    with pytest.raises((ValidationError, ValueError), match=reason):
        load(tmp_path / "s.yaml")


@pytest.mark.slow
def test_the_program_says_where_it_listens_and_logs_without_keys(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("plays: [{final: x}]")
    command = (sys.executable, "-m", "bot.scripted_model", "--scenario", tmp_path / "s.yaml")
    with subprocess.Popen([*command, "--log", tmp_path / "log"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        asked = HttpRequest(f"{ready['url']}/v1/models", headers={"x-api-key": "sk-secret-1234"})
        with urlopen(asked) as answer:
            said = answer.read()
        process.terminate()
        code = process.wait()

    assert code == 0
    assert [each["id"] for each in json.loads(said)["data"]] == ready["models"]
    line = json.loads((tmp_path / "log").read_text())
    assert (line["path"], line["key"]) == ("/v1/models", "…1234")


async def test_calls_are_remembered_with_body_and_headers() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    async with (
        ScriptedModel(Scenario(plays=(Play(),))) as model,
        aiohttp.ClientSession(headers={"X-Api-Key": "k"}) as session,
        session.post(f"{model.url}/v1/messages", json=body) as answer,
    ):
        await answer.read()

    (seen,) = model.calls
    assert (seen.api, seen.step, seen.text, seen.body) == ("messages", 0, "Done.", body)
    assert seen.headers["x-api-key"] == "k"

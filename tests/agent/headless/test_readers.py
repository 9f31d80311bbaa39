"""Lines as the real programs write them (recorded, shortened), and what is made of them."""

import pytest

from bot.agent.headless.runtime import READERS
from bot.agent.profiles import Parser
from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    Planned,
    Started,
    Thought,
    ToolFinished,
    ToolStarted,
    Usage,
    Warned,
)
from bot.runs import Json

COMMAND = "/bin/bash -lc 'python3 hello.py'"
RECORDED: dict[Parser, list[tuple[dict[str, Json], list[AgentEvent]]]] = {
    Parser.CODEX: [
        ({"type": "thread.started", "thread_id": "0198"}, []),
        (
            {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "Hm."}},
            [Warned(text="Hm.")],
        ),
        (
            {
                "type": "item.started",
                "item": {
                    "id": "item_1",
                    "type": "command_execution",
                    "command": COMMAND,
                    "aggregated_output": "",
                    "exit_code": None,
                    "status": "in_progress",
                },
            },
            [ToolStarted(title=COMMAND, id="item_1", arguments={"command": COMMAND})],
        ),
        (
            {
                "type": "item.completed",
                "item": {
                    "id": "item_1",
                    "type": "command_execution",
                    "command": COMMAND,
                    "aggregated_output": "hello\n",
                    "exit_code": 0,
                    "status": "completed",
                },
            },
            [ToolFinished(title=COMMAND, ok=True, detail="hello\n", id="item_1")],
        ),
        (
            {
                "type": "item.completed",
                "item": {
                    "type": "file_change",
                    "id": "item_2",
                    "changes": [{"path": "/tree/a.py", "kind": "add"}],
                    "status": "completed",
                },
            },
            [FileChanged(path="/tree/a.py")],
        ),
        (
            {
                "type": "item.updated",
                "item": {"type": "todo_list", "items": [{"text": "one", "completed": False}]},
            },
            [Planned(entries=("one",))],
        ),
        (
            {"type": "item.completed", "item": {"type": "reasoning", "text": "Hmm."}},
            [Thought(text="Hmm.")],
        ),
        (
            {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
            [Message(text="Done.")],
        ),
        (
            {"type": "turn.completed", "usage": {"input_tokens": 50, "output_tokens": 5}},
            [Usage(input_tokens=50, output_tokens=5)],
        ),
    ],
    Parser.CLAUDE: [
        (
            {"type": "system", "subtype": "init", "claude_code_version": "2.1.316"},
            [Started(agent="claude 2.1.316")],
        ),
        (
            {
                "type": "assistant",
                "message": {
                    "content": [
                        {"type": "thinking", "thinking": "Hmm."},
                        {
                            "type": "tool_use",
                            "id": "t1",
                            "name": "Write",
                            "input": {"file_path": "/tree/a.py"},
                        },
                    ]
                },
            },
            [
                Thought(text="Hmm."),
                ToolStarted(title="Write", id="t1", arguments={"file_path": "/tree/a.py"}),
            ],
        ),
        (
            {
                "type": "user",
                "message": {
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "content": [{"type": "text", "text": "File created"}],
                        }
                    ]
                },
            },
            [
                ToolFinished(title="Write", ok=True, detail="File created", id="t1"),
                FileChanged(path="/tree/a.py"),
            ],
        ),
        (
            {
                "type": "result",
                "subtype": "success",
                "is_error": False,
                "result": "Done.",
                "total_cost_usd": 0.5,
                "usage": {
                    "input_tokens": 30,
                    "cache_read_input_tokens": 20,
                    "cache_creation_input_tokens": 0,
                    "output_tokens": 5,
                },
            },
            [Usage(input_tokens=50, output_tokens=5, usd=0.5)],
        ),
    ],
    Parser.OPENCODE: [
        ({"type": "step_start", "part": {"type": "step-start"}}, []),
        (
            {
                "type": "tool_use",
                "part": {
                    "type": "tool",
                    "callID": "c1",
                    "tool": "bash",
                    "state": {
                        "status": "completed",
                        "input": {"command": "ls"},
                        "output": "a\n",
                        "title": "list",
                    },
                },
            },
            [
                ToolStarted(title="ls", id="c1", arguments={"command": "ls"}),
                ToolFinished(title="ls", ok=True, detail="a\n", id="c1"),
            ],
        ),
        ({"type": "text", "part": {"text": "Done."}}, [Message(text="Done.")]),
        (
            {
                "type": "step_finish",
                "part": {"reason": "stop", "cost": 0, "tokens": {"input": 50, "output": 5}},
            },
            [Usage(input_tokens=50, output_tokens=5, usd=0.0)],
        ),
    ],
    Parser.GEMINI: [
        ({"type": "init", "session_id": "x", "model": "scripted-model"}, []),
        ({"type": "message", "role": "user", "content": "Do it."}, []),
        (
            {
                "type": "tool_use",
                "tool_name": "write_file",
                "tool_id": "w1",
                "parameters": {"file_path": "/tree/a.py"},
            },
            [ToolStarted(title="write_file", id="w1", arguments={"file_path": "/tree/a.py"})],
        ),
        (
            {"type": "tool_result", "tool_id": "w1", "status": "success", "output": "Wrote."},
            [
                ToolFinished(title="write_file", ok=True, detail="Wrote.", id="w1"),
                FileChanged(path="/tree/a.py"),
            ],
        ),
        (
            {"type": "message", "role": "assistant", "content": "Done.", "delta": True},
            [Message(text="Done.")],
        ),
        (
            {
                "type": "result",
                "status": "success",
                "stats": {"input_tokens": 50, "output_tokens": 5},
            },
            [Usage(input_tokens=50, output_tokens=5)],
        ),
    ],
}
FAILURES: list[tuple[Parser, dict[str, Json], str]] = [
    (Parser.CODEX, {"type": "turn.failed", "error": {"message": "no way"}}, "no way"),
    (Parser.CLAUDE, {"type": "result", "is_error": True, "result": "no way"}, "no way"),
    (Parser.OPENCODE, {"type": "error", "error": {"data": {"message": "no way"}}}, "no way"),
    (Parser.OPENCODE, {"type": "error"}, "it ended with an error"),
    (
        Parser.GEMINI,
        {"type": "result", "status": "error", "error": {"message": "no way"}},
        "no way",
    ),
]
ODD: list[Json] = [None, 7, "x", [], {}, [7], {"type": 7}, {"content": 7}, -1, 1e400, True]
FIELDS = ("item", "message", "part", "usage", "stats", "error", "tokens", "result", "tool_id")


@pytest.mark.parametrize("parser", RECORDED)
def test_recorded_lines_become_events(parser: Parser) -> None:
    reader = READERS[parser]()

    for line, events in RECORDED[parser]:
        assert list(reader.read(line)) == events
    assert (reader.finished, reader.failure) == (True, None)


@pytest.mark.parametrize(("parser", "line", "failure"), FAILURES)
def test_a_failure_keeps_its_words(parser: Parser, line: dict[str, Json], failure: str) -> None:
    reader = READERS[parser]()

    list(reader.read(line))

    assert reader.failure == failure


@pytest.mark.parametrize("parser", RECORDED)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_line_breaks_a_reader(parser: Parser, odd: Json) -> None:
    """Each recorded line, with each field in turn replaced by something else."""
    reader = READERS[parser]()

    told = [
        event
        for line, _ in RECORDED[parser]
        for field in {*line, *FIELDS}
        for event in reader.read({**line, field: odd})
    ]

    assert all(not isinstance(event, Usage) or event.input_tokens >= 0 for event in told)

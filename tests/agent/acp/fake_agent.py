"""An ACP agent that behaves as its first word says; runs in the box on the standard library."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOW = sys.argv[-1]
UPDATE = "session/update"
TURNS = [0]


def send(**message: Any) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def receive() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return dict(json.loads(line))


def tell(what: str, **fields: Any) -> None:
    update = {"sessionUpdate": what, **fields}
    send(method=UPDATE, params={"sessionId": "s1", "update": update})


def say(text: str) -> None:
    tell("agent_message_chunk", content={"type": "text", "text": text})


def ask(id: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask, and wait for the answer; what comes in between is dropped."""
    send(id=id, method=method, params=params)
    while True:
        message = receive()
        if message.get("id") == id and "method" not in message:
            return message


def permission(number: str, command: str, kind: str = "execute", **call: Any) -> bool:
    raw = call.pop("raw", {"command": command})
    answer = ask(
        number,
        "session/request_permission",
        {
            "sessionId": "s1",
            "toolCall": {
                "toolCallId": number,
                "title": command,
                "kind": kind,
                "rawInput": raw,
                **call,
            },
            "options": [
                {"optionId": "always", "name": "Always", "kind": "allow_always"},
                {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
                {"optionId": "no", "name": "No", "kind": "reject_once"},
            ],
        },
    )
    return bool(answer["result"]["outcome"].get("optionId") == "yes")


def ran(number: str, command: str) -> None:
    tell(
        "tool_call", toolCallId=number, title=command, kind="execute", rawInput={"command": command}
    )
    allowed = permission(number, command)
    if allowed:
        os.system(command)
    status = "completed" if allowed else "failed"
    tell("tool_call_update", toolCallId=number, status=status)


def good() -> None:
    tell("plan", entries=[{"content": "write", "priority": "high", "status": "pending"}])
    tell("agent_thought_chunk", content={"type": "text", "text": "Hmm."})
    tell("tool_call", toolCallId="w", title="Write a.txt", kind="edit", rawInput={"path": "a.txt"})
    if permission("w", "Write a.txt", kind="edit", raw={"path": "/tree/a.txt"}):
        Path("/tree/a.txt").write_text("a\n")
    tell(
        "tool_call_update",
        toolCallId="w",
        status="completed",
        content=[{"type": "diff", "path": "/tree/a.txt", "newText": "a\n"}],
    )
    say("All ")
    say("done.")


def denied_and_goes_on() -> None:
    ran("1", "rm -rf /tree/precious")
    ran("2", "touch /tree/b.txt")


def denied_and_stops() -> None:
    ran("1", "rm -rf /tree/precious")


def denied_once() -> None:
    """End the turn at a refusal, and do something else in the next."""
    ran(str(TURNS[0]), "rm -rf /tree/precious" if TURNS[0] == 1 else "touch /tree/b.txt")


def never_asks() -> None:
    os.system("rm -rf /tree/precious; rm -rf /usr/bin; touch /tree/done")


def writes_outside() -> None:
    for place in ("/etc/passwd", "/tree/../../x", "/root/.ssh/id", "relative/../../y"):
        told = permission(place, "Write", kind="edit", raw={}, locations=[{"path": place}])
        say(f"{place}: {told}; ")
    for place in ("/etc/x", "/usr/x", "/opt/x", "/x"):
        try:
            Path(place).write_text("x")
        except OSError as error:
            say(f"{error.strerror}; ")


def asks_for_files() -> None:
    answers = [
        ask("1", "fs/read_text_file", {"sessionId": "s1", "path": "/etc/shadow"}),
        ask("2", "fs/write_text_file", {"sessionId": "s1", "path": "/etc/x", "content": "x"}),
        ask("3", "terminal/create", {"sessionId": "s1", "command": "sh"}),
        ask("4", "made/up", {}),
        ask("5", "session/request_permission", {"sessionId": "s1", "nonsense": 1}),
    ]
    say(" ".join(str(answer["error"]["code"]) for answer in answers))


def answers_json() -> None:
    say('Let me think about it.\n```json\n{"old": true}\n```\n')
    tell("tool_call", toolCallId="r", title="Read", kind="read", status="completed")
    say('Here it is:\n\n```json\n{"summary": "x",\n "steps": [1]}\n```\n')


def tells_arguments_late() -> None:
    """As Claude Code and opencode do: a call is told before what it is called with."""
    tell("tool_call", toolCallId="a", title="write", kind="edit", status="pending", rawInput={})
    tell("tool_call_update", toolCallId="a", title="Write a", rawInput={"path": "a"})
    tell("tool_call_update", toolCallId="a", rawInput={"path": "a", "text": "x"})
    permission("a", "Write a", kind="edit", raw={"path": "/tree/a"})
    tell("tool_call_update", toolCallId="a", status="completed")
    tell("tool_call", toolCallId="b", title="bash", status="pending", rawInput={"cwd": "/"})
    tell("tool_call_update", toolCallId="b", status="in_progress", rawInput={"command": "ls"})
    tell("tool_call_update", toolCallId="b", status="completed")
    tell("tool_call", toolCallId="c", title="Read", status="pending", rawInput={})
    tell("tool_call_update", toolCallId="c", rawInput={"path": "c"})
    say("Next.")
    tell("tool_call_update", toolCallId="c", status="completed")


def tells_no_arguments() -> None:
    """As Gemini CLI does: they stand in what it would show to people."""
    shown = [{"type": "diff", "path": "/tree/a", "oldText": "x", "newText": "y"}]
    permission("a", "Writing to a", kind="edit", raw=None, content=shown)
    tell("tool_call_update", toolCallId="a", status="completed")
    permission("b", "ls -l", raw=None)
    tell("tool_call_update", toolCallId="b", status="completed")
    place = [{"path": "/tree/c"}]
    tell("tool_call", toolCallId="c", title="Read", kind="read", locations=place)
    tell("tool_call_update", toolCallId="c", status="completed")


def dies_before_it_is_told() -> None:
    tell("tool_call", toolCallId="a", title="bash", status="pending", rawInput={"command": "ls"})
    os._exit(7)


def garbage() -> None:
    sys.stdout.write("Please log in at example.com\n")
    sys.stdout.flush()
    time.sleep(100)


def not_rpc() -> None:
    sys.stdout.write('{"jsonrpc": "2.0", "id": [], "result": {}}\n')
    sys.stdout.flush()
    time.sleep(100)


def strange_updates() -> None:
    tell("from_the_future", anything=1)
    tell("tool_call", toolCallId=7)
    send(method=UPDATE, params={"sessionId": "s1", "update": "x"})
    send(method="_vendor/hello", params={})
    send(id=4711, result={})
    say("Still here.")


def endless_line() -> None:
    while True:
        sys.stdout.write("x" * 2**16)


def flood_of_words() -> None:
    while True:
        say("x" * 100)


def flood_of_updates() -> None:
    text = "x" * 60_000
    while True:
        tell("tool_call", toolCallId=str(time.monotonic_ns()), title=text)


def flood_of_errors() -> None:
    while True:
        os.write(2, b"x" * 2**16)


def asks_and_does_not_listen() -> None:
    for n in range(2**20):
        id = f"{n} {'x' * 2000}"
        send(id=id, method="fs/read_text_file", params={"path": "x" * 60_000})
        Path("/tree/asked").write_text(str(n))


def long_speech() -> None:
    for _ in range(3000):
        say("word " * 10)


def dies() -> None:
    say("I am about to ")
    os._exit(7)


def closes_its_mouth() -> None:
    os.close(1)
    time.sleep(100)


def silent() -> None:
    time.sleep(100)


def deaf() -> None:
    """Ignore what it is told, the wish to stop too."""
    say("working")
    Path("/tree/half").write_text("half\n")
    time.sleep(100)


def obeys() -> None:
    say("working")
    while receive().get("method") != "session/cancel":
        continue
    Path("/tree/stopped").write_text("")


def forks_away() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1)
            Path("/tree/late").write_text("late\n")
            os._exit(0)
        os._exit(0)


def looks_around() -> None:
    say(json.dumps({"env": dict(os.environ), "home": sorted(os.listdir(os.environ["HOME"]))}))


def reports_an_error(id: Any) -> None:
    send(id=id, error={"code": -32603, "message": "out of luck", "data": {"why": "rain"}})


def first_moves() -> None:
    if HOW == "silent_from_the_start":
        time.sleep(100)
    if HOW == "login_page":
        sys.stdout.write("Opening your browser to sign in…\n")
        sys.stdout.flush()
        time.sleep(100)
    if HOW == "dies_at_once":
        sys.exit(3)


def take_turn(id: Any) -> None:
    TURNS[0] += 1
    if HOW == "error":
        reports_an_error(id)
        return
    turn: Callable[[], None] = globals()[HOW]
    turn()
    usage = {"totalTokens": 12, "inputTokens": 10, "outputTokens": 2}
    send(id=id, result={"stopReason": "end_turn", "usage": usage})


def main() -> None:
    first_moves()
    while True:
        message = receive()
        match message.get("method"):
            case "initialize":
                info = {"name": "fake", "version": "1.2"}
                send(id=message["id"], result={"protocolVersion": 1, "agentInfo": info})
            case "session/new":
                send(id=message["id"], result={} if HOW == "no_session" else {"sessionId": "s1"})
            case "session/prompt":
                take_turn(message["id"])


if __name__ == "__main__":
    main()

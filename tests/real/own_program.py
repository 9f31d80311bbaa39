"""An agent program such as an operator may have of his own: a prompt in, work and words out.

It runs in the box on the standard library alone, and knows one tool: a command line.
"""

import json
import os
import subprocess
import sys
import urllib.request

TOOL = {
    "name": "shell",
    "description": "Run a command line in the worktree.",
    "parameters": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}


def answered(messages: list[object]) -> dict[str, object]:
    asked = {
        "model": os.environ["MODEL"],
        "messages": messages,
        "tools": [{"type": "function", "function": TOOL}],
    }
    request = urllib.request.Request(
        os.environ["MODEL_URL"],
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer)["choices"][0]["message"])


def done(command: str) -> str:
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    return f"{ran.stdout}{ran.stderr}\nexit {ran.returncode}"


def main() -> None:
    messages: list[object] = [{"role": "user", "content": sys.stdin.read()}]
    while True:
        message = answered(messages)
        messages.append(message)
        calls = message.get("tool_calls")
        if not isinstance(calls, list) or not calls:
            sys.stdout.write(f"{message.get('content') or ''}\n")
            return
        for call in calls:
            command = json.loads(call["function"]["arguments"])["command"]
            result = {"role": "tool", "tool_call_id": call["id"], "content": done(command)}
            messages.append(result)


if __name__ == "__main__":
    main()

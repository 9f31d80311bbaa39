"""An MCP server of ours, with the standard library alone; `--bad KIND` makes it misbehave."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

BAD = sys.argv[2] if "--bad" in sys.argv else ""


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        return {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "x"}}
    if method == "tools/list":
        number = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        page = {"name": "double", "description": "Double a number.", "inputSchema": number}
        if BAD == "endless":
            return {"tools": [{"name": "no such name!"}], "nextCursor": "again"}
        if "cursor" not in params:
            return {"tools": [page, {"name": "no such name!"}, 7], "nextCursor": "2"}
        return {"tools": [{"name": "look"}, {"name": "call_out"}, {"name": "die"}]}
    return {"content": [{"type": "text", "text": tool(**params)}]}


def tool(name: str, arguments: dict[str, Any]) -> str:
    if name == "double":
        return str(2 * arguments["n"])
    if name == "look":
        found = [sorted(os.listdir(".")), sorted(os.environ), os.path.exists("/root/.ssh")]
        try:
            Path("written").touch()
        except OSError as error:
            found.append(error.strerror)
        return json.dumps(found)
    if name == "call_out":
        try:
            socket.create_connection(("1.1.1.1", 80), 2)
        except OSError as error:
            return f"cannot: {error}"
        return "reached the network"
    sys.exit(1)


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        if BAD == "silent" and asked["method"] == "tools/call":
            continue
        if BAD == "deep" and asked["method"] == "tools/call":
            sys.stdout.write("[" * 100_000 + "\n")
        if BAD == "garbage":
            sys.stdout.write("<html>\n")
        say({"jsonrpc": "2.0", "method": "notifications/message"})
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            reply["result"] = answer(asked["method"], asked.get("params", {}))
        except (KeyError, TypeError) as error:
            reply["error"] = {"code": -32602, "message": repr(error)}
        say(reply)


if __name__ == "__main__":
    main()

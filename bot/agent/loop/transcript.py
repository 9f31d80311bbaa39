"""The messages of one attempt, on disk line by line, so that a killed attempt goes on from them."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from bot.agent.runtime import AgentTask

FILE = "messages.jsonl"
_adapter: TypeAdapter[ModelMessage] = TypeAdapter(ModelMessage)


@dataclass(slots=True)
class Transcript:
    """What was said so far; ``messages`` begins with the prompt."""

    path: Path
    task: str
    """Fingerprint of the task: the messages of another one are not ours."""
    messages: list[ModelMessage] = field(default_factory=list)

    def add(self, message: ModelMessage) -> None:
        """Take in an answer of the model, or the first prompt."""
        self.messages.append(message)
        self._append(message)

    def put(self, part: ModelRequestPart) -> None:
        """Take in what the model is to hear next: a result, a word of ours."""
        last = self.messages[-1]
        if isinstance(last, ModelRequest):
            self.messages[-1] = replace(last, parts=[*last.parts, part])
        else:
            self.messages.append(ModelRequest(parts=[part]))
        self._append(ModelRequest(parts=[part]))

    def say(self, text: str) -> None:
        self.put(UserPromptPart(content=text))

    def open_calls(self) -> list[ToolCallPart]:
        """List the calls of the last answer that have no result yet."""
        answered: set[str] = set()
        for message in reversed(self.messages):
            if isinstance(message, ModelResponse):
                return [each for each in message.tool_calls if each.tool_call_id not in answered]
            answered |= {p.tool_call_id for p in message.parts if isinstance(p, ToolReturnPart)}
        return []

    def rewrite(self, messages: Sequence[ModelMessage]) -> None:
        """Put shorter messages in the place of all, at once."""
        self.messages = list(messages)
        part = self.path.with_suffix(".part")
        lines = [self._head(), *map(_line, messages)]
        part.write_bytes(b"".join(lines))
        os.replace(part, self.path)

    def _append(self, message: ModelMessage) -> None:
        with self.path.open("ab") as file:
            file.write(_line(message))

    def _head(self) -> bytes:
        return json.dumps({"task": self.task}).encode() + b"\n"


def open_transcript(folder: Path, task: AgentTask, model: str) -> Transcript:
    """Open the transcript of this try: empty, unless an attempt at the same task was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = (task.role, task.prompt, task.attempt, task.answer, model)
    fingerprint = hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()
    transcript = Transcript(path=folder / FILE, task=fingerprint)
    transcript.rewrite(_stored(transcript))
    return transcript


def _stored(transcript: Transcript) -> list[ModelMessage]:
    try:
        head, *lines = transcript.path.read_bytes().split(b"\n")
    except OSError:
        return []
    if head + b"\n" != transcript._head():
        return []
    found: list[ModelMessage] = []
    for line in lines:
        try:
            message = _adapter.validate_json(line)
        except ValidationError:
            break  # it was being written when the process was killed
        _join(found, message)
    return found


def _join(found: list[ModelMessage], message: ModelMessage) -> None:
    last = found[-1] if found else None
    if isinstance(last, ModelRequest) and isinstance(message, ModelRequest):
        found[-1] = replace(last, parts=[*last.parts, *message.parts])
    else:
        found.append(message)


def _line(message: ModelMessage) -> bytes:
    return _adapter.dump_json(message) + b"\n"

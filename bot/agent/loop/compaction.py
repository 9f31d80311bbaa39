"""Keep the conversation within the model's window: old results go first, then old turns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from bot.agent.loop.shorten import shorten

CHARACTERS = 3.5
"""Of code and English in one token, about."""
FULL = 0.75
"""The part of a window at which we compact."""
WANTED = 0.45
"""The part of a window that we compact to."""
RECENT = 6
"""Messages at the end whose results stay whole."""
SHORT = 300
"""Characters that stay of an old result or argument."""
FORGOTTEN = "[Earlier turns are left out; what they changed is in the files.]"


def tokens(messages: Sequence[ModelMessage]) -> int:
    """Estimate the tokens of all messages: what the endpoint counted last, and what came since."""
    since = 0
    for message in reversed(messages):
        if isinstance(message, ModelResponse) and message.usage.input_tokens > 0:
            counted = message.usage.input_tokens + message.usage.output_tokens
            return max(counted + int(since / CHARACTERS), int(_all(messages) / 2 / CHARACTERS))
        since += _length(message)
    return int(since / CHARACTERS)


def compacted(messages: Sequence[ModelMessage], wanted: int) -> list[ModelMessage]:
    """Shorten the messages to about so many tokens, or as far as it goes.

    The first message, the prompt, stays; every result keeps its call.
    """
    made = _uncounted(messages)
    recent = max(1, len(made) - RECENT)
    made = [made[0], *map(_outlined, made[1:recent]), *made[recent:]]
    if tokens(made) > wanted:
        made = _forgetful(made, wanted)
    if tokens(made) > wanted:
        made = [made[0], *(_outlined(each, most=8 * SHORT) for each in made[1:])]
    return made


def _uncounted(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """Take out what endpoints counted, which is not true any more once something is cut."""
    return [
        replace(each, usage=type(each.usage)()) if isinstance(each, ModelResponse) else each
        for each in messages
    ]


def _outlined(message: ModelMessage, most: int = SHORT) -> ModelMessage:
    if isinstance(message, ModelRequest):
        return replace(message, parts=[_result(part, most) for part in message.parts])
    return replace(message, parts=[_call(part, most) for part in message.parts])


def _result(part: ModelRequestPart, most: int) -> ModelRequestPart:
    if not isinstance(part, ToolReturnPart):
        return part
    return ToolReturnPart(
        tool_name=part.tool_name,
        content=shorten(str(part.content), most),
        tool_call_id=part.tool_call_id,
        outcome=part.outcome,
    )


def _call(part: ModelResponsePart, most: int) -> ModelResponsePart:
    if not isinstance(part, ToolCallPart):
        return part
    given = {name: _argument(value, most) for name, value in part.args_as_dict().items()}
    return ToolCallPart(tool_name=part.tool_name, args=given, tool_call_id=part.tool_call_id)


def _argument(value: Any, most: int) -> Any:
    return shorten(value, most) if isinstance(value, str) else value


def _forgetful(messages: Sequence[ModelMessage], wanted: int) -> list[ModelMessage]:
    """Drop turns from the oldest on; what stays begins with an answer of the model."""
    starts = [n for n, each in enumerate(messages) if n > 1 and isinstance(each, ModelResponse)]
    first = messages[0]
    if not starts or not isinstance(first, ModelRequest):
        return list(messages)
    noted = replace(first, parts=[*_prompts(first), UserPromptPart(content=FORGOTTEN)])
    for start in starts:
        made = [noted, *messages[start:]]
        if tokens(made) <= wanted:
            return made
    return [noted, *messages[starts[-1] :]]


def _prompts(first: ModelRequest) -> Iterable[ModelRequestPart]:
    return (
        part
        for part in first.parts
        if not (isinstance(part, UserPromptPart) and part.content == FORGOTTEN)
    )


def _all(messages: Sequence[ModelMessage]) -> int:
    return sum(map(_length, messages))


def _length(message: ModelMessage) -> int:
    return sum(_size(part) for part in message.parts)


def _size(part: ModelRequestPart | ModelResponsePart) -> int:
    if isinstance(part, ToolCallPart):
        return len(part.args_as_json_str()) + len(part.tool_name)
    return len(str(getattr(part, "content", "")))

"""Halves of characters (surrogates), which JSON can spell and neither file nor store can hold."""

import json
import re
from dataclasses import replace
from typing import TypeVar

from pydantic_ai.messages import ModelResponse, TextPart, ThinkingPart, ToolCallPart

_HALF = re.compile("[\ud800-\udfff]")
P = TypeVar("P")


def without_halves(heard: ModelResponse) -> ModelResponse:
    """Give an answer that can be kept; a call with a half in it says so as broken JSON does."""
    return replace(heard, parts=[_whole(part) for part in heard.parts])


def _whole(part: P) -> P:
    match part:
        case TextPart() | ThinkingPart() if _HALF.search(part.content):
            return replace(part, content=_HALF.sub("\ufffd", part.content))
        case ToolCallPart(args=dict()):
            spelled = json.dumps(part.args, ensure_ascii=False)
            return replace(part, args=json.dumps(part.args)) if _HALF.search(spelled) else part
    return part

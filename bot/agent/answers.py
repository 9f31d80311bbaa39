"""What agents are told beside their task: the form of an answer, and to go on."""

import json
import re
from pathlib import Path

from bot.agent.runtime import AgentTask
from bot.runs import Json

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*\w*[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE
)


def prompt(task: AgentTask) -> str:
    """The task's prompt, with what the last message has to be where an answer is asked for."""
    if task.answer is None:
        return task.prompt
    form = (PROMPTS / "answer.md").read_text()
    form = form.replace("{schema}", json.dumps(task.answer, indent=1))
    return f"{task.prompt.rstrip()}\n\n{form}"


def after_refusal(reason: str) -> str:
    """What an agent is told that ended its turn because something was refused."""
    return (PROMPTS / "refused.md").read_text().replace("{reason}", reason)


def found(text: str) -> Json:
    """Return the last JSON object in a fenced block, else of the whole text; None: there is none.

    It is not validated.
    """
    blocks = [match[2] for match in _FENCE.finditer(text)]
    for block in (*reversed(blocks), text):
        try:
            value = json.loads(block)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None

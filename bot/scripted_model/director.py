"""Decide what the model answers; the step is the number of tool results, so retries do no harm."""

import json
import re

from bot.scripted_model.example import example
from bot.scripted_model.exchange import Call, Reply, Request, Tool
from bot.scripted_model.scenario import Play, Scenario
from bot.scripted_model.tools import called

FINISHERS = ("finish", "final_result", "StructuredOutput", "structured_output")
"""Tools by which agents take an answer in a form."""


def direct(scenario: Scenario, request: Request) -> Reply:
    """Answer a request by the first play that fits its prompt."""
    play = next((each for each in scenario.plays if each.fits(request.prompt)), Play())
    text, call = _turn(scenario, play, request)
    return Reply(id=f"scripted-{request.step}", text=text, call=call, usage=scenario.usage)


def _turn(scenario: Scenario, play: Play, request: Request) -> tuple[str, Call | None]:
    if not request.tools and play.calls:
        return _aside(request), None
    unmet = _unmet(play, request)
    if unmet is not None:
        return unmet, None
    step = request.step
    if step < len(play.calls):
        root = _root(request.prompt) or scenario.root
        call = called(play.calls[step], request.tools, root, f"call_{step}")
        return play.said_before(step), call
    return _end(play, request)


def _unmet(play: Play, request: Request) -> str | None:
    """Say what a result should have shown; None: it did, or nothing was expected of it."""
    done = min(request.step, len(play.calls))
    if not done or not request.results or request.step > len(play.calls):
        return None
    expected = play.calls[done - 1].expect
    if expected is None or re.search(expected, request.results[-1], re.MULTILINE | re.DOTALL):
        return None
    return f"I expected `{expected}`, and the result was:\n\n{request.results[-1][:2000]}"


def _end(play: Play, request: Request) -> tuple[str, Call | None]:
    tries = request.step - len(play.calls) + request.said
    answer = play.answers[min(tries, len(play.answers) - 1)] if play.answers else None
    finisher = next((request.tools[name] for name in FINISHERS if name in request.tools), None)
    text = play.said_before(len(play.calls)) or play.final
    if finisher is not None:
        arguments = answer if isinstance(answer, dict) else _finishing(finisher, text)
        return "", Call(id=f"call_{request.step}", tool=finisher, arguments=arguments)
    if request.schema is not None:
        return _formed(answer, request), None
    if answer is not None:
        return answer if isinstance(answer, str) else _fenced(answer), None
    return text, None


def _finishing(tool: Tool, text: str) -> dict[str, object]:
    """Fill what the tool asks for; its first text is what would have been said."""
    made = example(tool.parameters)
    arguments = dict(made) if isinstance(made, dict) else {}
    texts = [name for name, value in arguments.items() if isinstance(value, str)]
    return arguments | dict.fromkeys(texts[:1], text)


def _formed(answer: object, request: Request) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer or example(request.schema))


def _fenced(answer: object) -> str:
    return f"```json\n{json.dumps(answer, indent=1)}\n```"


def _aside(request: Request) -> str:
    """Answer an agent's own small questions: a title, who speaks next, is this command safe."""
    return "Scripted" if request.schema is None else json.dumps(example(request.schema))


def _root(prompt: str) -> str | None:
    """Find the directory that agents tell their models."""
    found = re.search(r"(?:[Ww]orking [Dd]irectory(?: is)?:? ?|<cwd>) ?`?(/[^\s<`]*)", prompt)
    return found[1].rstrip(".") if found else None

"""The loop itself: the model asks for tools, gets their results, and finishes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from bot.agent.loop.call import Line, Over
from bot.agent.loop.form import FINISH, Form
from bot.agent.loop.tools import Desk, Refused, Result, Tool, problems
from bot.agent.loop.transcript import Transcript
from bot.agent.loop.tree import NotAllowed
from bot.agent.runtime import (
    AgentEvent,
    AgentTask,
    FileChanged,
    Finished,
    FinishReason,
    Message,
    PermissionAsked,
    PermissionDecided,
    Started,
    Thought,
    ToolFinished,
    ToolStarted,
    Usage,
    Warned,
)
from bot.guard.danger import judge
from bot.guard.verdict import SAFE, Danger, Verdict
from bot.runs import Json

BROKEN_ANSWERS = 2
"""So often an answer that is none is asked for once more."""
KILLED = (
    "Interrupted: the process was killed while this ran, or before. What it did may be there, half"
    " there or gone: look at the files before you go on."
)
GO_ON = f"Your answer was empty or cut off. Go on with the tools, or call `{FINISH}`."


@dataclass(slots=True, kw_only=True)
class Conversation:
    task: AgentTask
    desk: Desk
    line: Line
    tools: Mapping[str, Tool]
    form: Form
    transcript: Transcript
    broken: int = 0

    async def events(self) -> AsyncGenerator[AgentEvent]:
        """Go on until the end, which is the last event."""
        for begun in self._begin():
            yield begun
        try:
            while True:
                for call in _finish_last(self.transcript.open_calls()):
                    async with aclosing(self._answer(call)) as answered:
                        async for event in answered:
                            yield event
                heard = await self.line.ask(self.transcript)
                self.transcript.add(heard)
                for event in (*self._warned(), *_told(heard)):
                    yield event
                self._settle(heard)
        except Over as over:
            for event in self._warned():
                yield event
            yield over.finished

    async def _answer(self, call: ToolCallPart) -> AsyncGenerator[AgentEvent]:
        """Do what was asked for; raises Over with the answer of `finish`."""
        tool, given = self.tools.get(call.tool_name), _arguments(call)
        if call.tool_name == FINISH:
            result = Result(text=self._weigh(self.form.read(given or {})), ok=False)
            yield Warned(text=result.text)
        else:
            yield _started(call, tool, given)
            command = tool.command(given or {}) if tool else None
            verdict = judge(command, tree=self.desk.place) if command else SAFE
            for asked in _decided(command, verdict):
                yield asked
            refused = verdict.danger is not Danger.NONE
            result = _denied(verdict) if refused else await self._carry_out(call, tool, given)
            for event in _ended(call, tool, given, result):
                yield event
        # only now: whoever took the event has saved what lies in the tree
        self.transcript.put(_return(call, result))

    def _begin(self) -> list[AgentEvent]:
        """Give the prompt, or go on where the process was killed."""
        started = Started(agent="loop")
        if not self.transcript.messages:
            self.transcript.add(ModelRequest(parts=[UserPromptPart(content=self.task.prompt)]))
            return [started]
        for call in self.transcript.open_calls():
            self.transcript.put(_return(call, Result(text=KILLED, ok=False)))
        turns = sum(isinstance(each, ModelResponse) for each in self.transcript.messages)
        return [started, Warned(text=f"goes on after {turns} turns of a killed process")]

    async def _carry_out(
        self, call: ToolCallPart, tool: Tool | None, given: Mapping[str, Any] | None
    ) -> Result:
        if tool is None:
            known = ", ".join((*self.tools, FINISH))
            text = f"there is no tool `{call.tool_name[:60]}`; there is: {known}"
            return Result(text=text, ok=False)
        if given is None:
            return Result(text="the arguments are no JSON object; were they cut off?", ok=False)
        if not self.desk.clock.left:
            raise Over(self.line.late())
        try:
            return await tool.call(self.desk, tool.parse(given))
        except ValidationError as error:
            return Result(text=f"the arguments do not fit: {problems(error)}", ok=False)
        except (Refused, NotAllowed) as error:
            return Result(text=str(error), ok=False)

    def _settle(self, heard: ModelResponse) -> None:
        """An answer without a call is the end, unless it is none."""
        if heard.tool_calls:
            return
        text = "\n".join(p.content for p in heard.parts if isinstance(p, TextPart)).strip()
        if not text or heard.finish_reason == "length":
            self.transcript.say(self._once_more("the model says nothing", GO_ON))
        elif not self.form.asked:
            raise Over(Finished(reason=FinishReason.DONE, message=text))
        else:
            try:
                answer = self.form.found_in(text)
            except ValueError:
                answer = text
            self.transcript.say(self._weigh(answer))

    def _weigh(self, answer: Json) -> str:
        """Raise Over with an answer that fits, else say what is wrong with it."""
        problem = self.form.problem(answer)
        if problem is None:
            summary = "" if self.form.asked else str(answer["summary"])
            kept = answer if self.form.asked else None
            raise Over(Finished(reason=FinishReason.DONE, message=summary, answer=kept))
        words = f"This answer does not fit: {problem}. Call `{FINISH}` once more with all of it."
        return self._once_more(f"no answer that fits: {problem}", words)

    def _once_more(self, problem: str, words: str) -> str:
        self.broken += 1
        if self.broken > BROKEN_ANSWERS:
            raise Over(Finished(reason=FinishReason.ERROR, message=problem, kind="bad_answer"))
        return words

    def _warned(self) -> list[AgentEvent]:
        warned: list[AgentEvent] = [Warned(text=text) for text in self.line.warnings]
        self.line.warnings.clear()
        return warned


def _finish_last(calls: list[ToolCallPart]) -> list[ToolCallPart]:
    return sorted(calls, key=lambda call: call.tool_name == FINISH)


def _arguments(call: ToolCallPart) -> Mapping[str, Any] | None:
    try:
        return call.args_as_dict(raise_if_invalid=True)
    except (ValueError, AssertionError):
        return None


def _started(call: ToolCallPart, tool: Tool | None, given: Mapping[str, Any] | None) -> ToolStarted:
    title = tool.title(given or {}) if tool else call.tool_name[:200]
    return ToolStarted(title=title, id=call.tool_call_id, arguments=given or {})


def _ended(
    call: ToolCallPart, tool: Tool | None, given: Mapping[str, Any] | None, result: Result
) -> list[AgentEvent]:
    title = tool.title(given or {}) if tool else call.tool_name[:200]
    changed: list[AgentEvent] = [FileChanged(path=path) for path in result.changed]
    finished = ToolFinished(title=title, ok=result.ok, detail=result.text, id=call.tool_call_id)
    return [*changed, finished]


def _decided(command: str | None, verdict: Verdict) -> list[AgentEvent]:
    """Tell of what was refused; what nobody minds is told by its start and end alone."""
    if command is None or verdict.danger is Danger.NONE:
        return []
    title = f"run {' '.join(command.split())}"[:200]
    asked = PermissionAsked(title=title, command=command[:4000])
    return [asked, PermissionDecided(title=title, allowed=False, reason=verdict.reason)]


def _denied(verdict: Verdict) -> Result:
    return Result(text=f"Refused: {verdict.reason}. Do it in another way, or do without.", ok=False)


def _return(call: ToolCallPart, result: Result) -> ToolReturnPart:
    return ToolReturnPart(
        tool_name=call.tool_name,
        content=result.text,
        tool_call_id=call.tool_call_id,
        outcome="success" if result.ok else "failed",
    )


def _told(heard: ModelResponse) -> list[AgentEvent]:
    told: list[AgentEvent] = []
    for part in heard.parts:
        if isinstance(part, TextPart) and part.content.strip():
            told.append(Message(text=part.content))
        elif isinstance(part, ThinkingPart) and part.content.strip():
            told.append(Thought(text=part.content))
    usage = heard.usage
    used = Usage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
    return [*told, used]

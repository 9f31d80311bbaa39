"""Put an attempt together: model, tools, servers and the messages so far."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic_ai.messages import InstructionPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from bot.agent.clock import Clock
from bot.agent.loop.call import Line
from bot.agent.loop.conversation import Conversation
from bot.agent.loop.form import FINISH, Form
from bot.agent.loop.mcp import served
from bot.agent.loop.model import model_at, settings_of
from bot.agent.loop.tools import Desk, Tool, for_role
from bot.agent.loop.transcript import open_transcript
from bot.agent.loop.tree import Tree
from bot.agent.runtime import AgentContext, AgentTask, ModelSocket, Role
from bot.box import TREE, BoxLevel
from bot.errors import StageFailed

PROMPTS = Path(__file__).resolve().parents[3] / "prompts" / "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    task: AgentTask
    context: AgentContext
    socket: ModelSocket
    servers: Mapping[str, tuple[str, ...]]
    clock: Clock

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Conversation]:
        """Start what the attempt needs; all of it has ended after the block."""
        tree = self._tree()
        boxed = self.context.box.level >= BoxLevel.BUBBLEWRAP
        desk = Desk(
            context=self._confined(),
            tree=Tree(tree),
            clock=self.clock,
            place=TREE if boxed else str(tree),
        )
        form = Form(self.task.answer)
        async with AsyncExitStack() as stack:
            model = await stack.enter_async_context(model_at(self.socket))
            own = for_role(self.task.role)
            tools = {tool.name: tool for tool in own}
            for name, argv in self.servers.items():
                found = await stack.enter_async_context(served(name, argv, desk))
                tools |= {tool.name: tool for tool in found}
            line = Line(
                model=model,
                socket=self.socket,
                settings=settings_of(self.socket.api),
                parameters=_parameters(self.task.role, tools, form),
                clock=self.clock,
            )
            yield Conversation(
                task=self.task,
                desk=desk,
                line=line,
                tools=tools,
                form=form,
                transcript=open_transcript(self.context.files, self.task, self.socket.model),
            )

    def _confined(self) -> AgentContext:
        """Show everything read-only to roles that only look."""
        if self.task.role.writes:
            return self.context
        mounts = tuple(replace(mount, writable=False) for mount in self.context.mounts)
        return replace(self.context, mounts=mounts)

    def _tree(self) -> Path:
        trees = [mount.source for mount in self.context.mounts if mount.target == TREE]
        if not trees:
            raise StageFailed("no_tree", "there is no worktree to work in")
        return trees[-1]


def _parameters(role: Role, tools: Mapping[str, Tool], form: Form) -> ModelRequestParameters:
    finish = ToolDefinition(
        name=FINISH,
        description="End your work, with the answer in this form.",
        parameters_json_schema=dict(form.schema),
    )
    prompt = (PROMPTS / ("system.md" if role.writes else "reading.md")).read_text(encoding="utf-8")
    return ModelRequestParameters(
        function_tools=[*map(_definition, tools.values()), finish],
        instruction_parts=[InstructionPart(content=prompt)],
    )


def _definition(tool: Tool) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name,
        description=tool.description,
        parameters_json_schema=dict(tool.schema),
        sequential=True,
    )

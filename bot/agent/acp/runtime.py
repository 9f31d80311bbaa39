"""Drive an agent that speaks the Agent Client Protocol (https://agentclientprotocol.com)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from bot.agent import answers
from bot.agent.account import Account
from bot.agent.acp.conversation import Broken, Conversation
from bot.agent.acp.policy import Policy
from bot.agent.attempt import Attempt, End, ending_of
from bot.agent.launch import launch, place
from bot.agent.profiled import Profiled
from bot.agent.reading import Overflow
from bot.agent.runtime import AgentContext, AgentEvent, AgentTask, FinishReason
from bot.box import BoxedProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class AcpRuntime(Profiled):
    """The whole agent in the box, with no network but the way to its model."""

    async def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        prompt = answers.prompt(task)
        command = launch(self.profile, self.installation, context, prompt, task.seconds)
        policy = Policy(role=task.role, tree=place(context))
        async with context.box.open(command) as process:
            account = Account()
            talk = _Talk(process, Conversation(process, self.profile, policy, account), prompt)
            attempt = Attempt(task=task, context=context, account=account)
            async with aclosing(attempt.events(talk)) as events:
                async for event in events:
                    yield event


class _Talk:
    """A conversation, seen as work that ends well or badly."""

    def __init__(self, process: BoxedProcess, conversation: Conversation, prompt: str) -> None:
        self._process = process
        self._conversation = conversation
        self._prompt = prompt

    async def work(self) -> End:
        try:
            await self._conversation.hold(self._prompt)
        except Broken as error:
            return End(reason=FinishReason.ERROR, message=str(error))
        except ConnectionError:
            return await self._broken_off()
        return End()

    async def stop(self) -> None:
        await self._conversation.cancel()

    async def close(self) -> None:
        await self._conversation.close()

    async def _broken_off(self) -> End:
        problem = self._conversation.transport.problem
        if problem is None:
            return await ending_of(self._process)
        if isinstance(problem, Overflow):
            return End(reason=FinishReason.LIMIT, message=str(problem))
        return End(reason=FinishReason.ERROR, message=f"the agent told something else: {problem}")

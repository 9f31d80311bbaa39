"""One conversation with an ACP agent: begin a session, give it the prompt, answer what it asks."""

import asyncio
from contextlib import suppress

from acp import PROTOCOL_VERSION, RequestError
from acp.connection import Connection
from acp.schema import RequestPermissionRequest
from pydantic import ValidationError

from bot.agent.account import Account
from bot.agent.acp.policy import Policy, answer
from bot.agent.acp.transport import BoundedTransport
from bot.agent.acp.updates import Updates
from bot.agent.answers import after_refusal
from bot.agent.profiles import Profile
from bot.agent.runtime import (
    Message,
    PermissionAsked,
    PermissionDecided,
    Started,
    Thought,
    Usage,
    Warned,
)
from bot.box import BoxedProcess
from bot.runs import Json

READY_SECONDS = 120
"""For an agent to answer that it is there and has a session."""
MOST_TURNS = 4
"""The first, and those after a refusal at which it stopped."""


class Broken(Exception):
    """The agent did what no agent may, or says itself that it failed; the text says what."""


class Conversation:
    def __init__(
        self, process: BoxedProcess, profile: Profile, policy: Policy, account: Account
    ) -> None:
        self._profile = profile
        self._policy = policy
        self._account = account
        self._updates = Updates()
        self._session: str | None = None
        self._asked_in_vain = False
        self.transport = BoundedTransport(process, self._told)
        self._connection = Connection(self._answered, self.transport)

    async def close(self) -> None:
        await self._connection.close()

    async def hold(self, prompt: str) -> None:
        """Go from the first word to the end of the agent's last turn.

        Raises Broken, and ConnectionError when the agent is gone or cannot be understood.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                session = await self._begin()
        except TimeoutError:
            raise Broken(f"the agent was not ready after {READY_SECONDS} s") from None
        self._session = session
        await self._turn(session, prompt)
        for _ in range(MOST_TURNS - 1):
            if not self._account.denial:
                break  # some end their turn at a refusal, and go on when they are told to
            await self._turn(session, after_refusal(self._account.denial))

    async def cancel(self) -> None:
        """Ask it to stop; it may."""
        if self._session is not None:
            with suppress(ConnectionError):
                await self._connection.send_notification(
                    "session/cancel", {"sessionId": self._session}
                )

    async def _turn(self, session: str, prompt: str) -> None:
        text = {"type": "text", "text": prompt}
        try:
            result = await self._request("session/prompt", sessionId=session, prompt=[text])
        except BaseException:
            await self._tell_rest()  # what it was at when it was stopped
            raise
        await self._note(result)

    async def _tell_rest(self) -> None:
        for event in self._updates.rest():
            await self._account.tell(event)

    async def _begin(self) -> str:
        features = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
        hello = await self._request(
            "initialize",
            protocolVersion=PROTOCOL_VERSION,
            clientCapabilities=features,
            clientInfo={"name": "coppice", "version": "1"},
        )
        await self._account.tell(Started(agent=_name(hello.get("agentInfo"))))
        if self._profile.authenticate is not None:
            await self._request("authenticate", methodId=self._profile.authenticate)
        meta = {"_meta": self._profile.session} if self._profile.session else {}
        created = await self._request("session/new", cwd=self._policy.tree, mcpServers=[], **meta)
        session = created.get("sessionId")
        if not isinstance(session, str):
            raise Broken("the agent began a session without a name")
        if self._profile.mode is not None:
            await self._request("session/set_mode", sessionId=session, modeId=self._profile.mode)
        return session

    async def _request(self, method: str, **params: Json) -> dict[str, Json]:
        try:
            result = await self._connection.send_request(method, params)
        except RequestError as error:
            detail = "" if error.data is None else f" ({str(error.data)[:500]})"
            raise Broken(f"the agent refused `{method}`: {str(error)[:500]}{detail}") from error
        return result if isinstance(result, dict) else {}

    async def _note(self, result: dict[str, Json]) -> None:
        """Keep what it says at its end: usage and an odd reason to stop; neither decides."""
        stop, usage = result.get("stopReason"), result.get("usage")
        if isinstance(usage, dict):
            counts = [usage.get(name) for name in ("inputTokens", "outputTokens")]
            tokens = [n if isinstance(n, int) and n >= 0 else 0 for n in counts]
            await self._account.tell(Usage(input_tokens=tokens[0], output_tokens=tokens[1]))
        if stop != "end_turn":
            await self._account.tell(Warned(text=f"the agent stopped: {str(stop)[:100]}"))

    async def _told(self, params: dict[str, Json]) -> None:
        for event in self._updates.read(params.get("update")):
            if isinstance(event, Message | Thought):
                await self._account.say(event)
            else:
                await self._account.tell(event)

    async def _answered(self, method: str, params: Json, is_notification: bool) -> Json:  # noqa: FBT001 the library's
        """Answer a request of the agent's; files and terminals it has in its box."""
        if method == "session/request_permission" and not is_notification:
            return await self._decided(params)
        if not is_notification and not self._asked_in_vain:
            self._asked_in_vain = True
            await self._account.tell(
                Warned(text=f"it asked for {method[:100]}, which it cannot have")
            )
        if is_notification:
            return None  # what an agent tells beside the protocol is for others
        raise RequestError.method_not_found(method[:100])

    async def _decided(self, params: Json) -> Json:
        try:
            asked = RequestPermissionRequest.model_validate(params)
        except ValidationError:
            raise RequestError.invalid_params({"details": "that is no such request"}) from None
        call = asked.tool_call
        for event in self._updates.asked(call):
            await self._account.tell(event)
        decision = self._policy.decide(call, self._updates.call(call.tool_call_id))
        await self._account.tell(PermissionAsked(title=decision.title, command=decision.command))
        await self._account.tell(
            PermissionDecided(
                title=decision.title, allowed=decision.allowed, reason=decision.reason
            )
        )
        return answer(decision, asked.options)


def _name(info: Json) -> str:
    if not isinstance(info, dict):
        return ""
    return f"{info.get('name', '')} {info.get('version', '')}".strip()[:100]

"""The door of the REST API: who calls, may they, what do they get, is it as GitHub describes it."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.forge.actors import Actor, authenticate, require, sees
from bot.forge.answers import DOCS, Answer, Refusal, bad_credentials, forbidden, not_found
from bot.forge.faults import spoiled
from bot.forge.git import GitFailed, ObjectMissing, RefMoved
from bot.forge.house import House
from bot.forge.numbers import whole
from bot.forge.records import Read, Repository
from bot.forge.rest.call import Call, Caller, Operation
from bot.forge.rest.router import Router

log = logging.getLogger(__name__)
READS = ("GET", "HEAD")
FREE = ("GET /rate_limit",)
REDIRECTS = (301, 302, 307)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request before anybody has looked at it; ``path`` is still quoted."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Rest:
    def __init__(self, forge: House, operations: list[Operation]) -> None:
        self.forge = forge
        self.router = Router(operations)
        unknown = [o.name for o in operations if o.name not in forge.description.operations]
        if unknown:
            raise KeyError(f"not in GitHub's description: {unknown}")

    async def answer(self, incoming: Incoming) -> Answer:
        """Carry a request out; never raises but Withheld."""
        actor = Actor()
        try:
            actor = authenticate(self.forge.state, incoming.headers.get("Authorization", ""))
            return await spoiled(
                self.forge.faults,
                incoming.method,
                incoming.path,
                lambda: self._carried_out(incoming, actor),
                app=actor.app is not None,
            )
        except Refusal as refusal:
            answer = refused(refusal)
            self._record(incoming, actor, answer.status)
            return self._limited(actor, answer)

    async def _carried_out(self, incoming: Incoming, actor: Actor) -> Answer:
        path, repository = self._locate(incoming, actor)
        method = "GET" if incoming.method == "HEAD" else incoming.method
        found = self.router.find(method, path)
        if found is None:
            raise not_found()
        operation, params = found
        if operation.name not in FREE:
            self.forge.limits.spend(actor.key, content=operation.creates)
        self._let_in(operation, actor, repository)
        call = Call(
            forge=self.forge,
            operation=operation,
            actor=actor,
            params=params,
            query=incoming.query,
            body=self._body(operation, incoming),
            path=_canonical(path, repository),
            accept=incoming.headers.get("Accept", ""),
            found=repository,
        )
        answer = await self._handled(call)
        self._record(incoming, actor, answer.status)
        answer = self._cached(incoming, actor, answer)
        self._note(incoming, actor, answer)
        return self._limited(actor, answer)

    async def _handled(self, call: Call) -> Answer:
        """Ask the operation; what it refuses is held against the description too."""
        try:
            answer = await call.operation.handle(call)
        except Refusal as refusal:
            answer = refused(refusal)
        except ObjectMissing:
            answer = refused(not_found())
        except RefMoved as moved:
            answer = refused(Refusal(409, f"{moved} is at another commit by now"))
        except GitFailed as failure:
            answer = refused(Refusal(422, failure.stderr.strip() or "Unprocessable Entity"))
        self._check(call.operation, answer)
        return answer

    def _locate(self, incoming: Incoming, actor: Actor) -> tuple[str, Repository | None]:
        """Turn a path into `/repos/{owner}/{repo}/…` and its repository; old names redirect."""
        state, parts = self.forge.state, incoming.path.split("/")
        if parts[1] == "repositories" and len(parts) > 2:
            repository = state.repositories.get(whole(parts[2]) or 0)
            if repository is None:
                raise not_found()
            return "/".join(["", "repos", repository.full_name, *parts[3:]]), repository
        if parts[1] != "repos" or len(parts) < 4:
            return incoming.path, None
        name = f"{parts[2]}/{parts[3]}"
        repository = state.repository(name)
        moved = state.repositories.get(state.moved.get(name.lower(), 0))
        if repository is None and moved is not None and sees(state, actor, moved):
            raise self._moved(incoming, "/".join(["", *parts[4:]]), moved)
        if repository is None:
            raise not_found()
        return incoming.path, repository

    def _moved(self, incoming: Incoming, rest: str, repository: Repository) -> Refusal:
        reading = incoming.method in READS
        url = f"{self.forge.state.api_url}/repositories/{repository.id}{rest.rstrip('/')}"
        message = "Moved Permanently" if reading else "Temporary Redirect"
        return Refusal(301 if reading else 307, message, headers={"Location": url}, url=url)

    def _let_in(self, operation: Operation, actor: Actor, repository: Repository | None) -> None:
        if operation.caller is Caller.APP:
            if not actor.jwt:
                raise bad_credentials("A JSON web token could not be decoded")
            return
        if operation.caller is Caller.INSTALLATION and actor.installation is None:
            raise Refusal(
                403,
                "You must authenticate with an installation access token in order "
                "to list repositories for an installation.",
            )
        if actor.installation and not self.forge.description.for_apps(operation.name):
            raise forbidden()
        if operation.caller is not Caller.REPOSITORY or repository is None:
            return
        require(self.forge.state, actor, repository, operation.needs, operation.role)
        writing = not operation.name.startswith("GET")
        if writing and repository.archived and operation.name != UNARCHIVE:
            raise Refusal(403, "Repository was archived so is read-only.")

    def _body(self, operation: Operation, incoming: Incoming) -> Any:
        if incoming.method in READS:
            return {}
        body = parsed(incoming.body) if incoming.body.strip() else {}
        problems = self.forge.description.request_problems(operation.name, body)
        if problems:
            text = (
                problems[0].removeprefix(": ").replace("is a required property", "wasn't supplied")
            )
            raise Refusal(422, f"Invalid request.\n\n{text}.")
        return body

    def _check(self, operation: Operation, answer: Answer) -> None:
        if answer.text is not None or answer.status in REDIRECTS:
            return
        problems = self.forge.description.response_problems(
            operation.name, answer.status, answer.body
        )
        if not problems:
            return
        self.forge.state.violations.append(f"{operation.name} {answer.status}: {problems[0]}")
        log.error("%s does not fit its schema: %s", operation.name, problems[:3])
        if self.forge.strict:
            answer.status = 500
            answer.headers = {}
            answer.body = {
                "message": f"{operation.name}: {problems[:5]}",
                "documentation_url": DOCS,
            }

    def _cached(self, incoming: Incoming, actor: Actor, answer: Answer) -> Answer:
        """Give a weak ETag; a matching one is answered by 304, which costs nothing."""
        if incoming.method not in READS or answer.status != 200 or answer.text is not None:
            return answer
        answer.text = msgspec.json.encode(answer.body).decode()
        tag = f'W/"{hashlib.sha256(answer.text.encode()).hexdigest()}"'
        answer.headers["ETag"] = tag
        answer.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        if incoming.headers.get("If-None-Match", "").removeprefix("W/") != tag.removeprefix("W/"):
            return answer
        self.forge.limits.refund(actor.key)
        return Answer(status=304, headers=answer.headers)

    def _limited(self, actor: Actor, answer: Answer) -> Answer:
        answer.headers = {**self.forge.limits.headers(actor.key), **answer.headers}
        return answer

    def _record(self, incoming: Incoming, actor: Actor, status: int) -> None:
        if incoming.method not in READS:
            state = self.forge.state
            state.record(actor.login, incoming.method, incoming.path, status, incoming.body)

    def _note(self, incoming: Incoming, actor: Actor, answer: Answer) -> None:
        if incoming.method == "GET":
            asked = "&".join(f"{key}={value}" for key, value in sorted(incoming.query.items()))
            path = f"{incoming.path}?{asked}" if asked else incoming.path
            tag = answer.headers.get("ETag", "")
            state = self.forge.state
            state.reads.append(Read(state.clock(), actor.login, path, answer.status, tag))


def parsed(body: bytes) -> Any:
    """Read JSON as strictly as GitHub does: no half surrogates, no NaN; raises Refusal 400."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Refusal(400, "Problems parsing JSON") from None


def refused(refusal: Refusal) -> Answer:
    return Answer(status=refusal.status, body=refusal.body, headers=refusal.headers)


UNARCHIVE = "PATCH /repos/{owner}/{repo}"


def _canonical(path: str, repository: Repository | None) -> str:
    if repository is None:
        return path
    return "/".join(["", "repositories", str(repository.id), *path.split("/")[4:]])

"""`POST /graphql`: parse, validate, carry out, and answer in GitHub's shapes."""

import logging
import re
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from bot.forge.actors import Actor, authenticate
from bot.forge.answers import Answer, Refusal
from bot.forge.faults import spoiled
from bot.forge.graphql.ask import Ask, Failed
from bot.forge.graphql.schema import executable
from bot.forge.house import House
from bot.forge.rest.dispatch import Incoming, parsed, refused

log = logging.getLogger(__name__)
UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
STATUS = {"FORBIDDEN": 403, "NOT_FOUND": 404, "UNPROCESSABLE": 422}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A document that is valid, and what is to be carried out of it."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Json

    @property
    def mutations(self) -> list[str]:
        if self.operation.operation is not OperationType.MUTATION:
            return []
        chosen = self.operation.selection_set.selections
        return [field.name.value for field in chosen if isinstance(field, FieldNode)]

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None

    @property
    def path(self) -> str:
        """What faults and the list of writes know it by: `/graphql#resolveReviewThread`."""
        return "/graphql" + (f"#{'+'.join(self.mutations)}" if self.mutations else "")


class GraphQL:
    def __init__(self, house: House) -> None:
        self.house = house

    async def answer(self, incoming: Incoming) -> Answer:
        """Carry a request out; never raises but Withheld."""
        actor = Actor()
        try:
            actor = self._caller(incoming)
            request = _read(incoming.body)
            if isinstance(request, Answer):
                return self._limited(actor, request)
            answer = await spoiled(
                self.house.faults,
                "POST",
                request.path,
                lambda: self._carried_out(actor, request),
                app=actor.app is not None,
            )
        except Refusal as refusal:
            answer = refused(refusal)
        return self._limited(actor, answer)

    def _caller(self, incoming: Incoming) -> Actor:
        actor = authenticate(self.house.state, incoming.headers.get("Authorization", ""))
        if actor.user is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        return actor

    async def _carried_out(self, actor: Actor, request: Request) -> Answer:
        house = self.house
        try:
            house.limits.spend(actor.key, content=bool(request.mutations), resource="graphql")
        except Refusal as refusal:
            if "Retry-After" in refusal.headers:
                raise
            return _errors([{"type": "RATE_LIMITED", "message": str(refusal)}])
        pending = execute(
            executable(),
            request.document,
            context_value=Ask(house=house, actor=actor),
            variable_values=request.variables,
            operation_name=request.name,
        )
        result = pending if isinstance(pending, ExecutionResult) else await pending
        errors = [self._error(error) for error in result.errors or []]
        if request.mutations:
            status = STATUS.get(errors[0].get("type", ""), 500) if errors else 200
            house.state.record(actor.login, "POST", request.path, status)
        body = {"data": result.data} | ({"errors": errors} if errors else {})
        return Answer(body=body)

    def _error(self, error: GraphQLError) -> Json:
        """An error as GitHub words it; one that is none of ours is a bug of the forge."""
        shape: Json = {}
        cause = error.original_error
        if isinstance(cause, Failed):
            shape["type"] = cause.kind
            if cause.kind == "FORBIDDEN":
                shape["extensions"] = {"saml_failure": False}
        elif error.path and (cause is not None or "non-nullable" in error.message):
            self.house.state.violations.append(f"graphql {error.path}: {error.message}")
            log.error("graphql %s: %s", error.path, error.message, exc_info=cause)
        if error.path:
            shape["path"] = error.path
        return {**shape, "locations": _places(error), "message": error.message}

    def _limited(self, actor: Actor, answer: Answer) -> Answer:
        headers = self.house.limits.headers(actor.key, "graphql")
        answer.headers = {**headers, **answer.headers}
        return answer


def _read(body: bytes) -> Request | Answer:
    """Take a request apart; what is not valid is answered without carrying anything out."""
    given = parsed(body)
    query = given.get("query") if isinstance(given, dict) else None
    if not isinstance(query, str) or not query.strip():
        return _errors([{"message": "A query attribute must be specified and must be a string."}])
    variables = given.get("variables") or {}
    if not isinstance(variables, dict):
        return _errors([{"message": "Variables must be an object."}])
    try:
        document = parse(query)
    except GraphQLError as error:
        return _errors([{"locations": _places(error), "message": error.message}])
    problems = validate(executable(), document)
    if problems:
        return _errors([_problem(problem) for problem in problems])
    operation = get_operation_ast(document, given.get("operationName"))
    if operation is None:
        return _errors([{"message": "An operation name is required"}])
    return Request(document=document, operation=operation, variables=variables)


def _problem(error: GraphQLError) -> Json:
    shape: Json = {"locations": _places(error), "message": error.message}
    unknown = UNKNOWN_FIELD.search(error.message)
    if unknown:
        field, kind = unknown[1], unknown[2]
        shape["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": field}
        shape["message"] = f"Field '{field}' doesn't exist on type '{kind}'"
    return shape


def _places(error: GraphQLError) -> list[Json]:
    return [{"line": place.line, "column": place.column} for place in error.locations or []]


def _errors(errors: list[Json]) -> Answer:
    return Answer(body={"errors": errors})

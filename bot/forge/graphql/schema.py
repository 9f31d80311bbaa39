"""GitHub's schema with the forge's resolvers under it; every field of an object has one."""

import gzip
from functools import lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from bot.forge.graphql import conversations, mutations, pulls, queries, reviews
from bot.forge.graphql.ask import Resolver, type_name

RESOLVERS = {
    **queries.RESOLVERS,
    **mutations.RESOLVERS,
    **conversations.RESOLVERS,
    **pulls.RESOLVERS,
    **reviews.RESOLVERS,
}
PLAIN = ("Connection", "Edge", "Payload", "PageInfo", "RateLimit", "Commit")
"""Types whose values are dictionaries with GraphQL's own keys; by the end of their names."""


@lru_cache(maxsize=1)
def executable() -> GraphQLSchema:
    data = files("bot.forge.schema").joinpath("schema.graphql.gz").read_bytes()
    schema = build_schema(gzip.decompress(data).decode())
    for it in schema.type_map.values():
        if isinstance(it, GraphQLInterfaceType | GraphQLUnionType):
            it.resolve_type = lambda value, info, abstract: type_name(value)
        elif isinstance(it, GraphQLObjectType) and not it.name.startswith("__"):
            _attach(it)
    return schema


def _attach(it: GraphQLObjectType) -> None:
    if it.name.endswith(PLAIN):
        return
    for name, field in it.fields.items():
        _resolve(field, RESOLVERS[it.name][name])


def _resolve(field: GraphQLField, resolver: Resolver) -> None:
    def resolve(value: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return resolver(value, info.context, **arguments)

    field.resolve = resolve

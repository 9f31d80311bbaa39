"""Cut GitHub's GraphQL schema to the fields that the forge offers."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_non_null_type,
    is_specified_scalar_type,
)

from bot.forge.schema.graphql_fields import FIELDS

FIELD = re.compile(r"(\w+)(?:\(([^)]*)\))?")


def cut(source: str) -> str:
    """Return the slim schema as SDL; raises KeyError for a field that GitHub has not."""
    whole = build_schema(source, assume_valid=True)
    printed: dict[str, str] = {}
    todo = list(FIELDS)
    while todo:
        name = todo.pop()
        it = whole.type_map[name]
        if name in printed or is_specified_scalar_type(it):
            continue
        printed[name] = _print(it)
        todo += _leads_to(it)
    text = "\n".join(printed[name] for name in sorted(printed))
    build_schema(text)
    return text


def _wanted(it: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[tuple[str, GraphQLField]]:
    """The fields that are offered, each with only the arguments that are."""
    for found in FIELD.finditer(FIELDS[it.name]):
        field = it.fields[found[1]]
        names = list(field.args) if it.name == "Mutation" else (found[2] or "").split()
        missing = [n for n, a in field.args.items() if is_non_null_type(a.type) and n not in names]
        if missing:
            raise KeyError(f"{it.name}.{found[1]} needs {missing}")
        arguments = {name: field.args[name] for name in names}
        yield found[1], GraphQLField(field.type, args=arguments)


def _leads_to(it: GraphQLNamedType) -> list[str]:
    found = []
    if isinstance(it, GraphQLObjectType | GraphQLInterfaceType):
        for _, field in _wanted(it):
            found.append(get_named_type(field.type).name)
            found += [get_named_type(argument.type).name for argument in field.args.values()]
    if isinstance(it, GraphQLInputObjectType):
        found += [get_named_type(field.type).name for field in it.fields.values()]
    return found


def _print(it: GraphQLNamedType) -> str:
    match it:
        case GraphQLScalarType():
            return f"scalar {it.name}\n"
        case GraphQLEnumType():
            return _block(f"enum {it.name}", list(it.values))
        case GraphQLInputObjectType():
            return _block(f"input {it.name}", [f"{n}: {f.type}" for n, f in it.fields.items()])
        case GraphQLUnionType():
            members = " | ".join(member.name for member in it.types if member.name in FIELDS)
            return f"union {it.name} = {members}\n"
        case GraphQLObjectType() | GraphQLInterfaceType():
            kind = "type" if isinstance(it, GraphQLObjectType) else "interface"
            known = [i.name for i in it.interfaces if i.name in FIELDS and it.name != "Query"]
            implements = f" implements {' & '.join(known)}" if known else ""
            lines = [_field(name, field) for name, field in _wanted(it)]
            return _block(f"{kind} {it.name}{implements}", lines)
    raise TypeError(it.name)


def _field(name: str, field: GraphQLField) -> str:
    arguments = ", ".join(f"{n}: {a.type}" for n, a in field.args.items())
    return f"{name}({arguments}): {field.type}" if arguments else f"{name}: {field.type}"


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *(f"  {line}" for line in lines), "}", ""])

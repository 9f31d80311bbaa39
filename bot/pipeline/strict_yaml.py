"""YAML that strangers may write: small, plain data; no aliases, no tags, no key twice."""

from collections.abc import Hashable
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node

from bot.errors import UserError

MOST_CHARACTERS = 64 * 1024
DEEPEST = 20


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which can make a small file huge, and keys that hide one another."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused("anchors and aliases are not taken", event)
        self.depth += 1
        if self.depth > DEEPEST:
            raise _refused(f"more than {DEEPEST} levels are not taken", event)
        node: Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    # The flag is the overridden method's.
    def construct_mapping(
        self,
        node: MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise _refused(f"the key `{key.value}` must be text; put it in quotes", key)
            if key.value in seen:
                raise _refused(f"the key `{key.value}` is there twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse(text: str) -> Any:
    """Return the data of one YAML document; raise UserError that says where it is wrong."""
    if len(text) > MOST_CHARACTERS:
        raise UserError(f"It is {len(text):,} characters long; {MOST_CHARACTERS:,} are taken.")
    try:
        # _Loader is a SafeLoader: it builds plain data only.
        return yaml.load(text.removeprefix("\ufeff"), Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        raise UserError(f"It is not YAML that Coppice takes: {_where(error)}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError("It is not YAML that Coppice takes.") from error


def _refused(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, at.start_mark)


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = f"line {mark.line + 1}: " if mark else ""
    return f"{line}{error.problem or error.context}"

"""Read a request of an agent and make of it what goes out: checked, bounded, and no more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from bot.agent.gateway.dialect import Dialect, Route
from bot.agent.gateway.parcels import PICTURE_TOKENS, pictures
from bot.agent.gateway.refusing import Refused
from bot.agent.gateway.upstream import Upstream

STREAM_OPTIONS = "stream_options"
UNKNOWN_OUTPUT = 32_000
"""Tokens that an answer may have where neither request nor model say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request as it goes out."""

    payload: bytes
    stream: bool
    words: int
    """Bytes that become tokens: all but pictures. No tokenizer makes more tokens than bytes."""
    pictures: int
    output: int
    """Tokens that the answer may have at most."""
    added: frozenset[str]
    """Parameters of ours, which the agent did not send."""

    @property
    def input(self) -> int:
        """Tokens that the request may have at most, by itself."""
        return self.words + self.pictures * PICTURE_TOKENS


def read(raw: bytes) -> dict[str, Any]:
    """Parse a body; raises Refused where it is no JSON object."""
    try:
        # The library of Python takes what some agents send: half of a surrogate pair.
        body = msgspec.json.decode(raw) if b"\\ud" not in raw.lower() else json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not_json", "the body of the request is not JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, "not_json", "the body of the request is not a JSON object")
    return body


def prepare(
    dialect: Dialect,
    upstream: Upstream,
    route: Route,
    body: Mapping[str, Any],
    names: Sequence[str],
) -> Ask:
    """Make what goes out, written anew: what was checked is what the endpoint reads.

    ``names`` are those under which agents may ask for its model. Raises Refused.
    """
    endpoint = upstream.endpoint
    _require_model(names, route.model if route.model is not None else body.get("model"))
    sent = {key: value for key, value in body.items() if key in dialect.keys}
    if route.model is None:
        sent["model"] = endpoint.model
    if "tools" in sent:
        _keep_own_tools(dialect, sent)
    found, their_bytes = _pictures(dialect, sent)
    stream = bool(body.get("stream")) if route.stream is None else route.stream
    output = _output(dialect, sent)
    added = _limit(dialect, upstream, sent) if output is None else set()
    if dialect.needs_asking and stream and STREAM_OPTIONS not in upstream.refuses:
        added |= _ask_for_usage(sent)
    payload = _write(sent)
    return Ask(
        payload=payload,
        stream=stream,
        words=max(0, len(payload) - their_bytes),
        pictures=found,
        output=output or _longest(upstream, added),
        added=frozenset(added),
    )


def _require_model(names: Sequence[str], asked: object) -> None:
    if isinstance(asked, str) and any(asked == n or fnmatchcase(asked, n) for n in names):
        return
    said = f"`{asked[:100]}`" if isinstance(asked, str) else "no model"
    raise Refused(404, "model_not_found", f"this gateway serves `{names[0]}`, not {said}")


def _keep_own_tools(dialect: Dialect, sent: dict[str, Any]) -> None:
    """Take out the tools that run at the endpoint: they reach where the box does not."""
    tools = sent["tools"] if isinstance(sent["tools"], list) else []
    kept = [tool for tool in tools if isinstance(tool, dict) and dialect.tool(tool)]
    if kept:
        sent["tools"] = kept
        return
    for key in ("tools", "tool_choice", "toolConfig", "tool_config", "parallel_tool_calls"):
        sent.pop(key, None)


def _pictures(dialect: Dialect, sent: Mapping[str, Any]) -> tuple[int, int]:
    counted = [pictures(sent[key]) for key in dialect.contents if key in sent]
    return sum(n for n, _ in counted), sum(size for _, size in counted)


def _output(dialect: Dialect, sent: Mapping[str, Any]) -> int | None:
    """Read how long the answer may be; None: the request does not say."""
    _require_one_answer(sent)
    given = [bound for keys in dialect.limits if (bound := _given(sent, keys)) is not None]
    return max(given, default=None)


def _limit(dialect: Dialect, upstream: Upstream, sent: dict[str, Any]) -> set[str]:
    """Bound the answer where nothing else does and it is paid by the token; name what was added."""
    keys = dialect.limit_to_add(upstream.endpoint.url)
    if not upstream.price.by_token or keys[-1] in upstream.refuses:
        return set()
    holder = sent.setdefault(keys[0], {}) if len(keys) > 1 else sent
    holder[keys[-1]] = upstream.endpoint.max_output
    return {keys[-1]}


def _longest(upstream: Upstream, added: set[str]) -> int:
    """Say how long an answer may be to a request that did not say."""
    if added - {STREAM_OPTIONS}:
        return upstream.endpoint.max_output
    return upstream.endpoint.window or UNKNOWN_OUTPUT


def _given(sent: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    value: Any = sent
    for key in keys:
        if not isinstance(value, dict):
            raise Refused(400, "not_understood", f"`{keys[0]}` must be an object")
        value = value.get(key)
        if value is None:
            return None
    if type(value) is not int or not 0 < value < 10**8:
        raise Refused(400, "not_understood", f"`{'.'.join(keys)}` must be a number of tokens")
    return value


def _require_one_answer(sent: Mapping[str, Any]) -> None:
    for holder in (sent.get("generationConfig"), sent.get("generation_config")):
        for key in ("candidateCount", "candidate_count"):
            if isinstance(holder, dict) and holder.get(key) not in (None, 1):
                raise Refused(400, "not_understood", f"`{key}` must be 1: answers cost each")


def _ask_for_usage(sent: dict[str, Any]) -> set[str]:
    options = sent.get(STREAM_OPTIONS)
    options = options if isinstance(options, dict) else {}
    sent[STREAM_OPTIONS] = {**options, "include_usage": True}
    return set() if options.get("include_usage") else {STREAM_OPTIONS}


def _write(sent: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(sent)
    except (UnicodeEncodeError, OverflowError, ValueError):
        return json.dumps(sent, separators=(",", ":")).encode()

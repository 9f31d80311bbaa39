"""One small conversation in each API, through the official client libraries."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from anthropic import AsyncAnthropic
from google import genai
from google.genai import types
from openai import AsyncOpenAI

TOOL = "run_shell_command"
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the client library made of the answer to one call."""

    text: str
    call: tuple[str, Mapping[str, Any]] | None
    tokens: tuple[int, int, int] | None
    """Input (cached ones too), cached, output."""


Ask = Callable[[str, str, tuple[str, ...]], Awaitable[Heard]]
"""Asks with an address, a prompt and the results of the tool so far."""


async def chat(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="dummy", max_retries=0) as client:
        answer = await client.chat.completions.create(**_chat(prompt, results))
    message, usage = answer.choices[0].message, answer.usage
    call = message.tool_calls[0] if message.tool_calls else None
    assert call is None or call.type == "function"
    return Heard(
        text=message.content or "",
        call=call and (call.function.name, json.loads(call.function.arguments)),
        tokens=usage and _openai(usage.prompt_tokens, usage.prompt_tokens_details, usage),
    )


async def chat_streamed(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="dummy", max_retries=0) as client:
        asked = _chat(prompt, results) | {"stream_options": {"include_usage": True}}
        async with client.chat.completions.stream(**asked) as stream:
            answer = await stream.get_final_completion()
    message, usage = answer.choices[0].message, answer.usage
    call = message.tool_calls[0].function if message.tool_calls else None
    return Heard(
        text=message.content or "",
        call=(call.name, json.loads(call.arguments)) if call else None,
        tokens=_openai(usage.prompt_tokens, usage.prompt_tokens_details, usage) if usage else None,
    )


async def responses(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="dummy", max_retries=0) as client:
        return _heard(await client.responses.create(**_responses(prompt, results)))


async def responses_streamed(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with (
        AsyncOpenAI(base_url=f"{url}/v1", api_key="dummy", max_retries=0) as client,
        client.responses.stream(**_responses(prompt, results)) as stream,
    ):
        return _heard(await stream.get_final_response())


async def messages(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with AsyncAnthropic(base_url=url, api_key="dummy", max_retries=0) as client:
        return _anthropic(await client.messages.create(**_messages(prompt, results)))


async def messages_streamed(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with (
        AsyncAnthropic(base_url=url, api_key="dummy", max_retries=0) as client,
        client.messages.stream(**_messages(prompt, results)) as stream,
    ):
        return _anthropic(await stream.get_final_message())


async def generate(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with httpx.AsyncClient() as http:
        models = _google(url, http).models
        return _candidates([await models.generate_content(**_generate(prompt, results))])


async def generate_streamed(url: str, prompt: str, results: tuple[str, ...]) -> Heard:
    async with httpx.AsyncClient() as http:
        models = _google(url, http).models
        stream = await models.generate_content_stream(**_generate(prompt, results))
        return _candidates([answer async for answer in stream])


ASKS: tuple[Ask, ...] = (
    *(chat, chat_streamed, responses, responses_streamed),
    *(messages, messages_streamed, generate, generate_streamed),
)


def _chat(prompt: str, results: tuple[str, ...]) -> dict[str, Any]:
    history: list[Any] = [{"role": "user", "content": prompt}]
    for number, result in enumerate(results):
        function = {"name": TOOL, "arguments": '{"command": "true"}'}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        history.append({"role": "assistant", "content": None, "tool_calls": [call]})
        history.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    tool = {"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}
    return {"model": "any", "messages": history, "tools": [tool]}


def _responses(prompt: str, results: tuple[str, ...]) -> dict[str, Any]:
    history: list[Any] = [{"role": "user", "content": prompt}]
    for number, result in enumerate(results):
        call = {"type": "function_call", "call_id": f"call_{number}", "name": TOOL}
        history.append(call | {"arguments": '{"command": "true"}'})
        output = {"type": "function_call_output", "call_id": f"call_{number}", "output": result}
        history.append(output)
    tool = {"type": "function", "name": TOOL, "parameters": SCHEMA}
    return {"model": "any", "input": history, "tools": [tool]}


def _messages(prompt: str, results: tuple[str, ...]) -> dict[str, Any]:
    history: list[Any] = [{"role": "user", "content": prompt}]
    for number, result in enumerate(results):
        call = {"type": "tool_use", "id": f"call_{number}", "name": TOOL, "input": {}}
        history.append({"role": "assistant", "content": [call]})
        output = {"type": "tool_result", "tool_use_id": f"call_{number}", "content": result}
        history.append({"role": "user", "content": [output]})
    tool = {"name": TOOL, "input_schema": SCHEMA}
    return {"model": "any", "messages": history, "tools": [tool], "max_tokens": 100}


def _generate(prompt: str, results: tuple[str, ...]) -> dict[str, Any]:
    history = [types.Content(role="user", parts=[types.Part(text=prompt)])]
    for result in results:
        call = types.FunctionCall(name=TOOL, args={"command": "true"})
        output = types.FunctionResponse(name=TOOL, response={"output": result})
        history.append(types.Content(role="model", parts=[types.Part(function_call=call)]))
        history.append(types.Content(role="user", parts=[types.Part(function_response=output)]))
    function = types.FunctionDeclaration(name=TOOL, parameters_json_schema=SCHEMA)
    tools = [types.Tool(function_declarations=[function])]
    config = types.GenerateContentConfig(tools=tools)  # type: ignore[arg-type]
    return {"model": "any", "contents": history, "config": config}


def _google(url: str, http: httpx.AsyncClient) -> Any:
    """Make a client on httpx: beside aiohttp the library takes that, in a way that warns."""
    options = types.HttpOptions(base_url=url, httpx_async_client=http)
    return genai.Client(api_key="dummy", vertexai=False, http_options=options).aio


def _openai(given: int, details: Any, usage: Any) -> tuple[int, int, int]:
    return given, details.cached_tokens, usage.completion_tokens


def _heard(answer: Any) -> Heard:
    calls = [item for item in answer.output if item.type == "function_call"]
    usage = answer.usage
    return Heard(
        text=answer.output_text,
        call=(calls[0].name, json.loads(calls[0].arguments)) if calls else None,
        tokens=usage
        and (usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens),
    )


def _anthropic(answer: Any) -> Heard:
    calls = [block for block in answer.content if block.type == "tool_use"]
    usage, cached = answer.usage, answer.usage.cache_read_input_tokens or 0
    return Heard(
        text="".join(block.text for block in answer.content if block.type == "text"),
        call=(calls[0].name, calls[0].input) if calls else None,
        tokens=(usage.input_tokens + cached, cached, usage.output_tokens),
    )


def _candidates(answers: list[Any]) -> Heard:
    parts = [part for each in answers for part in each.candidates[0].content.parts or ()]
    call = next((part.function_call for part in parts if part.function_call), None)
    usage = answers[-1].usage_metadata
    counts = usage and (usage.prompt_token_count, usage.cached_content_token_count)
    return Heard(
        text="".join(part.text or "" for part in parts),
        call=call and (call.name, call.args),
        tokens=usage and (*counts, usage.candidates_token_count + usage.thoughts_token_count),
    )

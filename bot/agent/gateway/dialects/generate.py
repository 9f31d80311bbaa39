"""Gemini generateContent: https://ai.google.dev/api/generate-content."""

from bot.agent.gateway.dialect import Body, Dialect, Kind, Usage, joined, words
from bot.agent.gateway.tokens import Tokens, count, part
from bot.agent.runtime import Api

_STATES = {
    400: "INVALID_ARGUMENT",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
}


def path(url: str, model: str, stream: bool) -> str:  # noqa: FBT001 the shape of Dialect.path
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return joined(url, "v1beta", f"models/{model}:{verb}")


def usage(body: Body) -> Usage:
    """Every chunk of a stream tells the sum so far."""
    return dict(part(body, "usageMetadata"))


def tokens(usage: Usage) -> Tokens:
    """Thoughts are counted beside the candidates, what tools brought beside the prompt."""
    given = count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount")
    thoughts = count(usage, "thoughtsTokenCount")
    return Tokens(
        input=given,
        cached=min(given, count(usage, "cachedContentTokenCount")),
        output=count(usage, "candidatesTokenCount") + thoughts,
        reasoning=thoughts,
    )


def error(status: int, kind: str, text: str) -> Body:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": kind}]
    state = _STATES.get(status, "INTERNAL")
    return {"error": {"code": status, "message": text, "status": state, "details": details}}


def models(model: str) -> Body:
    methods = ["generateContent", "countTokens"]
    one = {"name": f"models/{model}", "displayName": model, "supportedGenerationMethods": methods}
    return {"models": [one]}


def own_tool(tool: Body) -> bool:
    """Searching, fetching and running code happen at the endpoint."""
    return set(tool) <= {"functionDeclarations", "function_declarations"}


GENERATE = Dialect(
    api=Api.GENERATE,
    routes=(
        (
            "POST",
            r"/v1(beta|alpha)?/models/(?P<model>[^/:]{1,200}):(?P<verb>(streamG|g)enerateContent)",
            Kind.CALL,
        ),
        ("POST", r"/v1(beta|alpha)?/models/(?P<model>[^/:]{1,200}):countTokens", Kind.COUNT),
        ("GET", r"/v1(beta|alpha)?/models(/.{1,200})?", Kind.MODELS),
    ),
    keys=words(
        """contents generationConfig generation_config safetySettings safety_settings
        systemInstruction system_instruction toolConfig tool_config tools"""
    ),
    path=path,
    limits=(
        ("generation_config", "max_output_tokens"),
        ("generationConfig", "max_output_tokens"),
        ("generation_config", "maxOutputTokens"),
        ("generationConfig", "maxOutputTokens"),
    ),
    key_header="x-goog-api-key",
    contents=("contents", "systemInstruction", "system_instruction"),
    needle=b'"usageMetadata"',
    usage=usage,
    tokens=tokens,
    error=error,
    models=models,
    counted=lambda n: {"totalTokens": n},
    tool=own_tool,
)

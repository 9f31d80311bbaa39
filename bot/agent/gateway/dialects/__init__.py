"""The protocols that the gateway speaks, one module each."""

from bot.agent.gateway.dialect import Dialect
from bot.agent.gateway.dialects.chat import CHAT
from bot.agent.gateway.dialects.generate import GENERATE
from bot.agent.gateway.dialects.messages import MESSAGES
from bot.agent.gateway.dialects.responses import RESPONSES
from bot.agent.runtime import Api

DIALECTS: dict[Api, Dialect] = {
    dialect.api: dialect for dialect in (CHAT, RESPONSES, MESSAGES, GENERATE)
}

"""What a service pays for the loop before the first attempt: nothing."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

HEAVY = ("pydantic_ai", "openai", "anthropic", "google.genai", "httpx2", "mcp")


@pytest.mark.parametrize("module", ["bot.cli.serve", "bot.cli.service", "bot.cli.tree"])
def test_no_library_of_models_is_loaded(module: str) -> None:
    program = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_first_attempt_loads_the_libraries_of_one_api_only() -> None:
    program = (
        "import sys\n"
        "from bot.agent.loop.model import _MAKERS\n"
        "from bot.agent.runtime import Api\n"
        "_MAKERS[Api.CHAT]()\n"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "['pydantic_ai', 'openai', 'httpx2']\n"

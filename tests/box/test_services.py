"""A service that a command starts for itself on the loopback of its box, as security.md says."""

from pathlib import Path

import pytest

from tests.box.boxed import PYTHON, boxed

START = f"""
{PYTHON} -m http.server --bind 127.0.0.1 8765 >service.log 2>&1 &
for _ in $(seq 300); do
  {PYTHON} ask.py 2>/dev/null && break
  sleep 0.1
done
"""
ASK = """
import urllib.request

print(urllib.request.urlopen("http://127.0.0.1:8765/note.txt", timeout=5).read().decode())
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "ask.py").write_text(ASK)
    (tree / "note.txt").write_text("served")
    return tree


async def test_a_command_reaches_the_service_that_it_has_started(tree: Path) -> None:
    outcome = await boxed(tree, f"{START}\n{PYTHON} ask.py && kill $!", loopback=True)

    assert (outcome.exit_code, outcome.output.split()) == (0, ["served", "served"])


async def test_a_service_that_is_left_running_holds_up_nobody_and_ends_with_its_command(
    tree: Path,
) -> None:
    first = await boxed(tree, START, loopback=True)
    second = await boxed(tree, f"{PYTHON} ask.py", loopback=True)

    assert (first.exit_code, first.output.split(), first.problem) == (0, ["served"], None)
    assert second.exit_code != 0
    assert "Connection refused" in second.output

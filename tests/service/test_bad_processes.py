"""A second service, and a port that is taken: refused with the word that mends it."""

import asyncio
import os
import socket
import sys

import pytest

from tests.service.world import ROOT, World

pytestmark = pytest.mark.slow


async def serve(there: World, **settings: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "serve"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **there.settings, **settings},
        cwd=ROOT,
    )
    async with asyncio.timeout(150):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_second_service_names_the_first(there: World) -> None:
    assert there.service is not None

    code, out, err = await serve(there, COPPICE_PORT="0")

    assert (code, out) == (3, "")
    assert f"process {there.service.ready['pid']}" in err
    there.script(1, [{"write": "NOTES.md", "text": "A note.\n"}])
    await there.label(1)
    assert (await there.ended(1))["stages"]


async def test_a_port_that_is_taken(there: World) -> None:
    data = str(there.folder / "another")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        code, out, err = await serve(there, COPPICE_PORT=port, COPPICE_DATA_DIR=data)

    assert (code, out) == (4, "")
    assert port in err
    assert "COPPICE_PORT" in err

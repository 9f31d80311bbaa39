"""Send signed webhooks as fast as a server takes them, for a given time: wrk, else asyncio."""

import asyncio
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

SCRIPT = """
local file = io.open("{body}", "rb")
local body = file:read("*all")
file:close()
local sent = 0
local headers = {{
  ["Content-Type"] = "application/json",
  ["X-GitHub-Event"] = "{event}",
  ["X-Hub-Signature-256"] = "{signature}",
}}
request = function()
  sent = sent + 1
  headers["X-GitHub-Delivery"] = "{prefix}-" .. sent
  return wrk.format("POST", nil, headers, body)
end
done = function(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{{"requests": %d, "us": %d, "p99": %f, "bad": %d}}',
    summary.requests, summary.duration, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What one burst of load came to."""

    rate: float
    """Acknowledged deliveries per second."""
    p99: float
    """Milliseconds within which 99 of 100 were acknowledged."""
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One payload under ever new delivery ids; a run is bounded by `seconds`."""

    event: str
    body: bytes
    secret: str
    seconds: int = 1

    def fire(self, url: str, in_flight: int) -> Shot:
        """Keep so many deliveries in flight; raises RuntimeError when one is refused or lost."""
        prefix = f"bench-{time.time_ns():x}"
        if shutil.which("wrk"):
            return self._wrk(url, in_flight, prefix)
        return asyncio.run(self._asyncio(url, in_flight, prefix))

    @property
    def signature(self) -> str:
        return "sha256=" + hmac.new(self.secret.encode(), self.body, hashlib.sha256).hexdigest()

    def _wrk(self, url: str, in_flight: int, prefix: str) -> Shot:
        with tempfile.TemporaryDirectory() as folder:
            body, script = Path(folder) / "body", Path(folder) / "load.lua"
            body.write_bytes(self.body)
            script.write_text(
                SCRIPT.format(body=body, event=self.event, signature=self.signature, prefix=prefix)
            )
            times = ["-t1", f"-c{in_flight}", f"-d{self.seconds}s", "--latency"]
            said = subprocess.check_output(["wrk", *times, "-s", script, url], text=True)
        seen = json.loads(said.strip().splitlines()[-1])
        return _shot(seen["requests"], seen["us"] / 1e6, seen["p99"], seen["bad"])

    async def _asyncio(self, url: str, in_flight: int, prefix: str) -> Shot:
        host, port = url.split("/")[2].split(":")
        head = (
            f"POST /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: application/json\r\nX-GitHub-Event: {self.event}\r\n"
            f"X-Hub-Signature-256: {self.signature}\r\nContent-Length: {len(self.body)}\r\n"
            "X-GitHub-Delivery: "
        ).encode()
        numbers = count()
        took: list[float] = []
        began = time.perf_counter()

        async def send_on() -> None:
            reader, writer = await asyncio.open_connection(host, int(port))
            while (started := time.perf_counter()) < began + self.seconds:
                writer.write(head + f"{prefix}-{next(numbers)}\r\n\r\n".encode() + self.body)
                await _accepted(reader)
                took.append(time.perf_counter() - started)
            writer.close()
            await writer.wait_closed()

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(send_on())
        p99 = sorted(took)[int(len(took) * 0.99)] * 1000
        return _shot(len(took), time.perf_counter() - began, p99, 0)


async def _accepted(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 2"):
        raise RuntimeError(f"a delivery was refused: {head[:60]!r}")
    if b"transfer-encoding: chunked" in head:
        await reader.readuntil(b"0\r\n\r\n")
    elif b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


def _shot(requests: int, seconds: float, p99: float, bad: int) -> Shot:
    if bad or not requests:
        raise RuntimeError(f"{bad} of {requests} deliveries were refused or lost")
    return Shot(rate=requests / seconds, p99=p99, sent=requests)

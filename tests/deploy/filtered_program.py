"""Run a command under a seccomp filter that refuses some system calls: what a container does.

Standard input: JSON, `{"refused": {NUMBER: ERRNO}, "namespaces": ERRNO or null}`; the latter
refuses `clone` where it makes a namespace, as Docker's own list does. x86_64 alone.
"""

import ctypes
import json
import os
import struct
import sys

_LOAD, _EQUAL, _ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARGUMENT = 0, 16
_CLONE, _NAMESPACES = 56, 0x7E020000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _filter(refused: dict[str, int], namespaces: int | None) -> bytes:
    program = _op(_LOAD, _NUMBER)
    for number, error in refused.items():
        program += _op(_EQUAL, int(number), 0, 1) + _op(_RETURN, _ERRNO | error)
    if namespaces is not None:
        program += _op(_EQUAL, _CLONE, 0, 3) + _op(_LOAD, _ARGUMENT)
        program += _op(_ANY, _NAMESPACES, 0, 1) + _op(_RETURN, _ERRNO | namespaces)
    return program + _op(_RETURN, _ALLOW)


def main() -> None:
    wanted = json.load(sys.stdin)
    program = _filter(wanted["refused"], wanted["namespaces"])
    kept = ctypes.create_string_buffer(program, len(program))
    block = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    filled = ctypes.create_string_buffer(block, len(block))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, filled, 0, 0):
        sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


main()

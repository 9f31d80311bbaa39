"""Logs as tools write them: each is called by the class of the failure nearest to its end."""

import time
from pathlib import Path

import pytest

from bot.errors import OperatorError
from bot.pipeline.errors import OURS, classify, known, load

HARD = {
    "git.merge_conflict",
    "git.nothing_to_commit",
    "shell.command_not_found",
    "shell.permission_denied",
}

PYTEST = """\
    def test_empty():
>       assert parse("") == Document()
E       IndexError: string index out of range

tests/test_parser.py:12: IndexError
=========================== short test summary info ============================
FAILED tests/test_parser.py::test_empty - IndexError: string index out of range
========================= 1 failed, 411 passed in 3.41s =========================
"""
MAVEN = """\
[INFO] Running com.acme.ParserTest
[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.05 s <<< FAILURE!
[ERROR] com.acme.ParserTest.empty -- Time elapsed: 0.01 s <<< FAILURE!
org.opentest4j.AssertionFailedError: expected: <3> but was: <4>
[ERROR] Failures:
[ERROR]   ParserTest.empty:12 expected: <3> but was: <4>
[INFO]
[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test
[ERROR] -> [Help 1]
"""
CARGO = """\
error[E0425]: cannot find value `foo` in this scope
 --> src/main.rs:2:5
  |
2 |     foo
  |     ^^^ not found in this scope

For more information about this error, try `rustc --explain E0425`.
error: could not compile `acme` (bin "acme") due to 1 previous error
"""
JEST = """\
 FAIL  src/sum.test.js
  ● adds two numbers

    expect(received).toBe(expected) // Object.is equality

    Expected: 3
    Received: 4

      at Object.<anonymous> (src/sum.test.js:4:18)

Tests:       1 failed, 1 total
npm error Lifecycle script `test` failed with error:
"""
GO = """\
--- FAIL: TestParse (0.00s)
    parse_test.go:9: got 3, want 4
FAIL
exit status 1
FAIL\tacme.test/parse\t0.003s
"""

LOGS = [
    (
        "python.syntax_error",
        '  File "a.py", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax\n',
    ),
    ("python.syntax_error", "IndentationError: unexpected indent\n"),
    ("python.import_error", "ModuleNotFoundError: No module named 'acme.parser'\n"),
    (
        "python.import_error",
        "ERROR tests/test_a.py - ImportError: cannot import name 'x' from 'y'\n",
    ),
    ("python.name_error", "NameError: name 'foo' is not defined\n"),
    ("python.attribute_error", "AttributeError: 'str' object has no attribute 'foo'\n"),
    ("python.type_error", "TypeError: f() takes 1 positional argument but 2 were given\n"),
    ("python.test_failure", "FAILED tests/test_a.py::test_b\n1 failed in 0.01s\n"),
    ("python.test_failure", "FAILED tests/test_a.py::test_b[x y] - assert 3 == 4\n"),
    (
        "python.test_failure",
        "FAIL: test_a (tests.test_a.A)\nRan 3 tests in 0.01s\nFAILED (failures=1)\n",
    ),
    ("python.mypy_error", "src/a.py:3: error: Incompatible return value type\nFound 1 error\n"),
    ("python.lint_error", "src/a.py:1:8: F401 [*] `os` imported but unused\nFound 1 error.\n"),
    ("python.exception", "Traceback (most recent call last):\n  File x\nKeyError: 'a'\n"),
    ("ts.compile_error", "src/a.ts(3,5): error TS2322: Type 'string' is not assignable\n"),
    (
        "ts.compile_error",
        "src/a.ts:3:5 - error TS2322: Type 'string' is not assignable\n\nFound 1 error.\n",
    ),
    ("ts.cannot_find_module", "src/a.ts(1,19): error TS2307: Cannot find module './b'\n"),
    (
        "node.module_not_found",
        "Error: Cannot find module 'left-pad'\nRequire stack:\n- /tree/a.js\n",
    ),
    (
        "node.module_not_found",
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x' imported from /tree/a.mjs\n",
    ),
    (
        "node.runtime_error",
        "TypeError: Cannot read properties of undefined (reading 'a')\n    at f (a.js:1:2)\n",
    ),
    (
        "node.runtime_error",
        "ReferenceError: foo is not defined\n    at Object.<anonymous> (a.js:1:1)\n",
    ),
    ("node.syntax_error", "SyntaxError: Unexpected token '}'\n    at wrapSafe\n"),
    ("jest.test_failure", JEST),
    ("jest.test_failure", "not ok 1 - adds two numbers\n  ---\n  duration_ms: 1\n"),
    ("eslint.error", "/tree/a.js\n  1:5  error  'x' is never used  no-unused-vars\n"),
    (
        "dotnet.build_error",
        "/tree/A.cs(3,5): error CS1002: ; expected [/tree/a.csproj]\nBuild FAILED.\n",
    ),
    ("dotnet.missing_type", "/tree/A.cs(3,5): error CS0246: The type 'X' could not be found\n"),
    ("dotnet.test_failure", "  Failed Acme.ParserTests.Empty [12 ms]\n  Error Message:\n"),
    ("java.compile_error", "[ERROR] /tree/src/main/java/A.java:[12,8] cannot find symbol\n"),
    ("java.compile_error", "src/A.java:12: error: ';' expected\n1 error\n"),
    ("java.test_failure", MAVEN),
    (
        "java.test_failure",
        "ParserTest > empty() FAILED\n    org.opentest4j.AssertionFailedError at P.java:9\n",
    ),
    (
        "java.exception",
        'Exception in thread "main" java.lang.NullPointerException: x\n\tat A.main(A.java:3)\n',
    ),
    (
        "php.error",
        "PHP Fatal error:  Uncaught Error: Call to undefined function f() in /tree/a.php:3\n",
    ),
    ("php.error", "PHP Parse error:  syntax error, unexpected token in /tree/a.php on line 3\n"),
    ("php.test_failure", "1) Acme\\ParserTest::testEmpty\nFailed asserting that 4 matches 3.\n"),
    ("ruby.error", "a.rb:3:in `f': undefined method `x' for nil:NilClass (NoMethodError)\n"),
    ("ruby.error", "a.rb:1:in `require': cannot load such file -- rspec (LoadError)\n"),
    ("ruby.test_failure", "Failed examples:\n\nrspec ./spec/a_spec.rb:3 # adds two numbers\n"),
    ("ruby.test_failure", "  1) Failure:\nTestA#test_b [a_test.rb:5]:\nExpected: 3\n  Actual: 4\n"),
    ("rust.compile_error", CARGO),
    ("rust.test_failure", "test parse::empty ... FAILED\n\nfailures:\n"),
    ("go.undefined", "# acme.test/a\n./a.go:5:2: undefined: foo\n"),
    ("go.compile_error", "./a.go:5:2: x declared and not used\n"),
    ("go.test_failure", GO),
    (
        "c.compile_error",
        "a.c:3:5: error: expected ';' before 'return'\nmake: *** [Makefile:2: a] Error 1\n",
    ),
    ("cpp.compile_error", "a.cpp:3:5: error: 'foo' was not declared in this scope\n"),
    (
        "c.link_error",
        "/usr/bin/ld: a.o: in function `main':\na.c:(.text+0x5): undefined reference to `foo'\n",
    ),
    ("c.crash", "Segmentation fault (core dumped)\n"),
    ("ctest.failure", "[  FAILED  ] Parser.Empty (0 ms)\n"),
    ("api.rate_limit", '{"type":"error","error":{"type":"rate_limit_error"}}\n'),
    ("api.rate_limit", "Request failed with status code 429\n"),
    ("git.merge_conflict", "CONFLICT (content): Merge conflict in a.py\nAutomatic merge failed\n"),
    ("git.nothing_to_commit", "On branch main\nnothing to commit, working tree clean\n"),
    ("shell.command_not_found", "bash: pytest: command not found\n"),
    ("shell.command_not_found", "/bin/sh: 1: pytest: not found\n"),
    (
        "shell.command_not_found",
        "bash: line 1: pytest: command not found\nmake: *** [test] Error 127\n",
    ),
    ("shell.command_not_found", "make: pytest: No such file or directory\n"),
    ("shell.permission_denied", "./run.sh: 1: ./x: Permission denied\n"),
    ("timeout", "subprocess.TimeoutExpired: Command 'x' timed out after 30 seconds\n"),
    ("timeout", "thrown: Exceeded timeout of 5000 ms for a test\n"),
]


@pytest.mark.parametrize(
    ("key", "log"), LOGS, ids=[f"{n}-{key}" for n, (key, _) in enumerate(LOGS)]
)
def test_a_log_is_called_by_its_class(key: str, log: str) -> None:
    found = classify(log, known())

    assert found is not None
    assert found.kind.key == key


def test_every_class_has_a_log_here() -> None:
    assert {kind.key for kind in known()} == {key for key, _ in LOGS}


def test_the_hard_ones_are_what_no_attempt_mends() -> None:
    assert {kind.key for kind in known() if kind.hard} == HARD


def test_what_stands_last_counts() -> None:
    log = f"bash: cowsay: command not found\n{PYTEST}Done.\n"

    found = classify(log, known())

    assert found is not None
    assert (found.kind.key, found.what) == (
        "python.test_failure",
        "tests/test_parser.py::test_empty",
    )


def test_colours_and_progress_bars_are_looked_through() -> None:
    found = classify("10%\r20%\r\x1b[31mFAILED\x1b[0m tests/a.py::b - x\r\n", known())

    assert found is not None
    assert found.kind.key == "python.test_failure"


@pytest.mark.parametrize("log", ["", "all is well\n", "\0" * 100, "3 passed in 0.1s\n"])
def test_what_is_not_known_is_not_guessed(log: str) -> None:
    assert classify(log, known()) is None


def test_numbers_and_addresses_do_not_tell_failures_apart() -> None:
    first = classify("NameError: name 'a' is not defined at 0x7f12 (13 ms)\n", known())
    second = classify("NameError: name 'a' is not defined at 0x9a99 (7 ms)\n", known())
    other = classify("NameError: name 'b' is not defined at 0x7f12 (13 ms)\n", known())

    assert first is not None
    assert second is not None
    assert other is not None
    assert first.fingerprint == second.fingerprint != other.fingerprint


def test_neither_do_commits_and_ids() -> None:
    def told(commit: str, id_: str) -> str:
        line = f"E   LookupError: no {commit} in {id_}"
        failure = classify(line, known())
        assert failure is not None
        return failure.fingerprint

    first = told("4f9a1c7", "a3b8d1b6-0b3b-4b1a-9c1a-1a2b3c4d5e6f")
    assert first == told("b1d5cbb", "5f0c7a91-22aa-4d5e-8f6b-0d9e8c7b6a5f")
    assert first != told("defaced", "a3b8d1b6-0b3b-4b1a-9c1a-1a2b3c4d5e6f")


@pytest.mark.parametrize(
    "evil",
    ["a " * 40_000, "x" * 100_000, "a:" * 50_000, "[ERROR] a." * 9_000, ("(" * 1999 + "\n") * 40],
)
def test_a_hostile_log_takes_no_time(evil: str) -> None:
    start = time.process_time()

    classify(evil, known())

    assert time.process_time() - start < 3


def test_an_operator_puts_classes_before_ours(tmp_path: Path) -> None:
    own = tmp_path / "errors.yaml"
    own.write_text("classes: [{key: acme.flux, match: ['FLUX (?P<what>.+)'], hint: Cool it.}]\n")

    found = classify("FAILED tests/a.py::b - FLUX low\n", load(own, OURS))

    assert found is not None
    assert (found.kind.key, found.what, found.kind.hint) == ("acme.flux", "low", "Cool it.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("classes: [{key: a, match: ['('], hint: x}]", "`(` is no regular expression"),
        ("classes: [{key: a, match: [], hint: x}]", "match"),
        ("clases: []", "clases"),
        ("- a", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "errors.yaml"
    own.write_text(text)

    with pytest.raises(OperatorError, match="error classes") as refused:
        load(own)

    assert said in str(refused.value)

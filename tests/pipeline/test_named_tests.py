"""Tests are what a repository's own configuration calls so, and settings that judge are known."""

import pytest

from bot.pipeline import judged_settings, named_tests
from bot.pipeline.signals import is_test

PYTEST = b"[pytest]\ntestpaths = checks\npython_files = check_*.py\n"


def calls(configuration: str, text: str, path: str, *others: str) -> bool:
    """Is a file a test where this is the configuration?"""
    found = named_tests.read([(configuration, text.encode())], [configuration, path, *others])
    assert not found.unread
    return found.name(path)


@pytest.mark.parametrize(
    ("configuration", "text", "path"),
    [
        ("pytest.ini", PYTEST.decode(), "checks/check_it.py"),
        ("pytest.ini", PYTEST.decode(), "checks/helpers.py"),
        ("tox.ini", "[pytest]\npython_files = *_probe.py\n", "src/shop/cart_probe.py"),
        ("setup.cfg", "[tool:pytest]\ntestpaths =\n  a\n  qa/cases\n", "qa/cases/x/data.json"),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\npython_files = ["verify_*.py"]\n',
            "deep/verify_it.py",
        ),
        ("web/pyproject.toml", '[tool.pytest]\ntestpaths = ["qa"]\n', "web/qa/x.py"),
        (
            "package.json",
            '{"jest": {"testMatch": ["<rootDir>/src/**/*.case.[jt]s?(x)"]}}',
            "src/a/b.case.tsx",
        ),
        ("package.json", '{"jest": {"testRegex": "/checks/.*\\\\.js$"}}', "web/checks/a.js"),
        ("package.json", '{"mocha": {"spec": "verify/**/*.js"}}', "verify/deep/a.js"),
        ("jest.config.js", "module.exports = {testMatch: ['**/*.probe.js']}", "src/a.probe.js"),
        (
            "vitest.config.ts",
            "export default {test: {coverage: {include: ['src/**']}, include: ['**/*.case.ts']}}",
            "src/a.case.ts",
        ),
        (".mocharc.json", '{"spec": ["proofs/*.js"]}', "proofs/a.js"),
        (".mocharc.jsonc", '{\n  // ours\n  "spec": "proofs/*.js" // all\n}', "proofs/a.js"),
    ],
)
def test_a_file_is_a_test_where_the_configuration_calls_it_so(
    configuration: str, text: str, path: str
) -> None:
    assert not is_test(path)
    assert calls(configuration, text, path)


@pytest.mark.parametrize(
    ("configuration", "text", "path", "other"),
    [
        ("pytest.ini", PYTEST.decode(), "src/shop.py", ""),
        ("pytest.ini", "[pytest]\ntestpaths = .\n", "src/shop.py", ""),
        ("pytest.ini", "[pytest]\ntestpaths = src\n", "src/shop.py", ""),
        ("pytest.ini", "[pytest]\ntestpaths = shop\n", "shop/cart.py", "shop/tests/test_cart.py"),
        ("pytest.ini", "[pytest]\npython_files = *.py\n", "shop/cart.py", ""),
        ("web/pytest.ini", "[pytest]\ntestpaths = qa\n", "qa/x.py", ""),
        (
            "vitest.config.ts",
            "export default {test: {coverage: {include: ['src/**']}}}",
            "src/a.ts",
            "",
        ),
        ("vite.config.ts", "export default {optimizeDeps: {include: ['src/**']}}", "src/a.ts", ""),
        ("setup.cfg", "[metadata]\nname = shop\n", "src/shop.py", ""),
        ("package.json", '{"name": "shop"}', "src/a.js", ""),
    ],
)
def test_code_is_no_test_because_tests_stand_beside_it(
    configuration: str, text: str, path: str, other: str
) -> None:
    assert not calls(configuration, text, path, other)


@pytest.mark.parametrize(
    ("configuration", "content"),
    [
        ("pytest.ini", b"testpaths = checks\n"),
        ("setup.cfg", b"\xff\xfe"),
        ("pytest.ini", None),
        ("pyproject.toml", b"[tool.pytest\n"),
        ("pyproject.toml", b'tool = "x"\n'),
        ("package.json", b"{"),
        ("package.json", b'{"jest": {"testRegex": "(a+)+$"}}'),
        ("package.json", b'{"jest": {"testRegex": "("}}'),
        ("pytest.ini", b"[pytest]\ntestpaths = ../../etc\n"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(
    configuration: str, content: bytes | None
) -> None:
    assert named_tests.read([(configuration, content)], []).unread == (configuration,)


@pytest.mark.parametrize(
    "path",
    [
        "shop/cart_test.go",
        "src/test/java/shop/Cart.java",
        "src/test/resources/carts.json",
        "src/androidTest/java/Screen.kt",
        "Tests/ShopTests/CartTests.swift",
        "Shop.Tests/Fixtures.cs",
        "app/src/integration-tests/a.py",
        "Test_Cart.py",
        "src/tests.rs",
        "features/buy.feature",
        "src/__snapshots__/a.js.snap",
        "src/CartIT.java",
        "t/cart.t",
    ],
)
def test_tests_of_many_languages_are_known_by_their_paths(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["AUDIT.md", "src/latest/a.py", "src/protests.md", "src/EXIT.py"])
def test_what_only_looks_like_a_test_is_none(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        *("conftest.py", "a/conftest.py", "pytest.ini", "jest.config.ts", ".mocharc.yml"),
        *(".coveragerc", "phpunit.xml.dist", ".eslintrc.json", "ruff.toml", "mypy.ini"),
    ],
)
def test_some_files_say_nothing_but_how_the_work_is_judged(path: str) -> None:
    assert judged_settings.whole(path)


@pytest.mark.parametrize(
    ("path", "before", "after", "judges"),
    [
        (
            "pyproject.toml",
            '[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "-q"\n',
            '[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "-q -k not_it"\n',
            True,
        ),
        (
            "pyproject.toml",
            '[project]\nname = "a"\n[tool.ruff]\nline-length = 80\n',
            '[project]\nname = "b"\n\n[tool.ruff]\nline-length = 80\n',
            False,
        ),
        (
            "setup.cfg",
            "[metadata]\nname = a\n",
            "[metadata]\nname = a\n[flake8]\nignore = E\n",
            True,
        ),
        ("setup.cfg", "[metadata]\nname = a\n", "[metadata]\nname = b\n", False),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}', True),
        (
            "package.json",
            '{"dependencies": {"a": "1"}, "scripts": {"test": "jest"}}',
            '{"dependencies": {"a": "2"}, "scripts": {"test": "jest"}}',
            False,
        ),
        ("vite.config.ts", "export default {base: '/a'}", "export default {base: '/b'}", False),
        (
            "vite.config.ts",
            "export default {test: {include: ['a']}}",
            "export default {test: {include: ['b']}}",
            True,
        ),
    ],
)
def test_of_a_file_that_holds_more_only_a_part_judges(
    path: str, before: str, after: str, judges: bool
) -> None:
    assert judged_settings.mixed(path)
    parts = [judged_settings.part(path, text.encode()) for text in (before, after)]
    assert (parts[0] != parts[1]) is judges


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pyproject.toml", b"["),
        ("package.json", b"[]"),
        ("setup.cfg", b"x"),
        ("setup.cfg", b"\xff"),
    ],
)
def test_a_part_that_cannot_be_read_is_no_part(path: str, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        judged_settings.part(path, content)

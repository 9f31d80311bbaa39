"""Row 30: commands that only seem to be written are not carried out (`security.md`)."""

import pytest

from bot.guard.commands import find_commands

RUN = "/coppice run"

SMUGGLED = {
    "fence": f"```\n{RUN}\n```",
    "fence with a language": f"```sh\n{RUN}\n```",
    "tildes": f"~~~\n{RUN}\n~~~",
    "fence without an end": f"```\n{RUN}",
    "fence in a list": f"- a\n  ```\n  {RUN}\n  ```",
    "indented code": f"text\n\n    {RUN}",
    "tab": f"\t{RUN}",
    "code span": f"`{RUN}`",
    "code span over lines": f"`a\n{RUN}\nb`",
    "quote": f"> {RUN}",
    "quote in a quote": f"> > {RUN}",
    "line right under a quote": f"> a\n{RUN}",
    "mail reply": f"On Monday, raj wrote:\n> please\n> {RUN}",
    "mail reply without marks": f"No.\n\nOn Mon, 1 Jan 2026, raj <r@x.org> wrote:\n\n{RUN}",
    "mail reply over two lines": f"No.\n\nOn Mon, raj <r@x.org>\nwrote:\n\n{RUN}",
    "mail reply in German": f"Nein.\n\nAm 1.1.2026 schrieb raj <r@x.org>:\n\n{RUN}",
    "mail reply without an address": f"No.\n\nOn Monday, 1 Jan 2026, raj wrote:\n\n{RUN}",
    "mail below a line": f"No.\n\n-----Original Message-----\n\n{RUN}",
    "mail forwarded": f"No.\n\n---------- Forwarded message ---------\n{RUN}",
    "mail below its head": f"No.\n\nFrom: raj <r@x.org>\nSent: Monday\nTo: shop\n\n{RUN}",
    "mail below its bold head": f"No.\n\n**Von:** raj <r@x.org>  \n**Gesendet:** Montag\n\n{RUN}",
    "comment": f"<!--\n{RUN}\n-->",
    "comment in one line": f"<!-- {RUN} -->",
    "comment in a paragraph": f"a <!--\n{RUN}\n--> b",
    "comment without an end": f"<!--\n\n{RUN}",
    "html block": f"<div>\n{RUN}\n</div>",
    "pre": f"<pre>\n{RUN}\n</pre>",
    "details": f"<details>\n\n{RUN}\n\n</details>",
    "details in a line": f"log <details>\n{RUN}\n</details>",
    "details that a line opens": f"log <details>\n\n{RUN}\n\n</details>",
    "blockquote element": f"<blockquote>\n\n{RUN}\n\n</blockquote>",
    "script": f"<script>\n{RUN}\n</script>",
    "list": f"- {RUN}",
    "numbered list": f"1. {RUN}",
    "task": f"- [x] {RUN}",
    "heading": f"# {RUN}",
    "underlined heading": f"{RUN}\n---",
    "table": f"| a |\n|---|\n| {RUN} |",
    "link": f"[a\n{RUN}\nb](https://x)",
    "emphasis": f"*a\n{RUN}\nb*",
    "definition": f"[a]: https://x '\n{RUN}\n'",
    "in the middle of a line": f"please {RUN}",
    "escaped": f"\\{RUN}",
    "entity": "&#47;coppice run",
    "zero-width before it": f"\u200b{RUN}",
    "glued": "/coppicerun",
    "another bot's": "/copp run\n@coppice run\n//coppice run",
    "our own mark": "\ue0000\ue000 run\n\n`x\n/coppice run\ny`",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_smuggled_command_is_not_found(name: str) -> None:
    assert find_commands(SMUGGLED[name]) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (RUN, [(1, "run", ())]),
        ("Thanks!\n\n/coppice run\n", [(3, "run", ())]),
        ("Thanks!\n/coppice run\nbye", [(2, "run", ())]),
        ("> quoted\n\n/coppice stop", [(3, "stop", ())]),
        ("On Monday, raj wrote:\n> please\n\n/coppice stop", [(4, "stop", ())]),
        ("/coppice stop\n\nOn Monday, raj wrote:\n\n/coppice run", [(1, "stop", ())]),
        ("I asked raj <r@x.org>: no.\n\n/coppice stop", [(3, "stop", ())]),
        ("Fold it with `<details>`.\n\n/coppice run", [(3, "run", ())]),
        ("An escaped \\<details>.\n\n/coppice run", [(3, "run", ())]),
        ("log <details>\nx\n</details>\n\n/coppice run", [(5, "run", ())]),
        ("From: main\nTo: next\n\n/coppice stop", [(4, "stop", ())]),
        ("hi\r\n/coppice retry publish  \r\nbye", [(2, "retry", ("publish",))]),
        ("/Coppice RUN keep `this` *word*", [(1, "run", ("keep", "`this`", "*word*"))]),
        ("/coppice stop\n/coppice run a=b", [(1, "stop", ()), (2, "run", ("a=b",))]),
        ("/coppice", [(1, "", ())]),
        ("/coppice\u00a0run", [(1, "run", ())]),
        ("   /coppice run", [(1, "run", ())]),
        ("a  \n/coppice run", [(2, "run", ())]),
        ("<details>\n\nlog\n\n</details>\n\n/coppice run", [(7, "run", ())]),
        ("```\nx\n```\n/coppice run", [(4, "run", ())]),
    ],
)
def test_a_command_on_a_line_of_its_own_is_found(
    body: str, found: list[tuple[int, str, tuple[str, ...]]]
) -> None:
    assert [(each.line, each.verb, each.words) for each in find_commands(body)] == found


def test_no_more_than_ten_commands_are_read() -> None:
    assert len(find_commands("/coppice run\n" * 100)) == 10


@pytest.mark.parametrize("noise", ["[" * 60_000, "![a" * 20_000, "*a " * 20_000, "> " * 30_000])
def test_hostile_comments_take_no_time(noise: str) -> None:
    assert len(find_commands(f"{noise}\n\n/coppice run")) == 1


@pytest.mark.parametrize("line", ["|\n", "/a\n", "[a]: x\n", "- a\n"])
def test_a_comment_of_thousands_of_lines_holds_no_command(line: str) -> None:
    assert find_commands("a|b\n-|-\n" + line * 20_000 + "\n\n/coppice run") == []


def test_short_verbs_are_found_only_where_they_are_allowed() -> None:
    body = "/stop\n\n/merge\n\n/coppice why"

    assert [each.text for each in find_commands(body)] == ["/coppice why"]
    assert [each.text for each in find_commands(body, {"stop"})] == ["/stop", "/coppice why"]


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_smuggled_short_verb_is_not_found(name: str) -> None:
    assert find_commands(SMUGGLED[name].replace("/coppice run", "/run"), {"run"}) == []


def test_a_note_goes_on_to_the_next_command() -> None:
    note, stop = find_commands("/coppice use a guard\nnot an exception\n/coppice stop\nnow")

    assert note.note == "use a guard\nnot an exception"
    assert (stop.verb, stop.below) == ("stop", "now")

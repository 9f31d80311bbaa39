"""The pages in a real browser: labels, comments and ticks by mouse and keyboard."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.forge.running import Forge

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium"),
]


@pytest.fixture
async def browser(forge: Forge) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await chromium.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        yield page
        await chromium.close()
    assert problems == []


async def test_a_person_labels_comments_and_ticks(forge: Forge, browser: Page) -> None:
    token = await forge.installation_token()
    body = {"body": "**Working**\n\n- [ ] Stop\n<!-- hidden -->"}
    await forge.post(f"{forge.repo}/issues/1/comments", body, by=token)

    await browser.goto(f"{forge.html_url}/{forge.repository.full_name}/issues/1")
    await browser.select_option("#new-label", "coppice")
    await browser.click("text=Add")
    await browser.fill("#new-comment", "/coppice help")
    await browser.click("button.main:has-text('Comment')")
    await browser.click("button.box")

    assert (await forge.event("issues.labeled")).payload["label"]["name"] == "coppice"
    assert (await forge.event("issue_comment.created", n=2)).payload["comment"]["body"] == (
        "/coppice help"
    )
    edited = await forge.event("issue_comment.edited")
    assert "- [x] Stop" in edited.payload["comment"]["body"]
    assert await browser.get_attribute("button.box", "aria-checked") == "true"
    assert "hidden" not in await browser.inner_text("main")


async def test_the_act_as_box_changes_who_writes(forge: Forge, browser: Page) -> None:
    address = f"{forge.html_url}/{forge.repository.full_name}/issues/2"
    await browser.goto(address)

    await browser.select_option("#act-as-user", "stranger")
    await browser.click("text=Change")

    assert browser.url == address
    assert "Comment as sam" in await browser.inner_text("main")


async def test_a_person_resolves_a_thread_by_keyboard(forge: Forge, browser: Page) -> None:
    pull = await forge.pull("feature")
    body = {"path": "feature.txt", "line": 1, "body": "why", "commit_id": pull["head"]["sha"]}
    await forge.post(f"{forge.repo}/pulls/{pull['number']}/comments", body, by="triager")

    await browser.goto(f"{forge.html_url}/{forge.repository.full_name}/pull/{pull['number']}")
    await browser.focus("button:has-text('Resolve')")
    await browser.keyboard.press("Enter")

    await forge.event("pull_request_review_thread.resolved")
    assert "resolved by" in await browser.inner_text(".thread summary")


@pytest.mark.parametrize("width", [360, 1280])
async def test_no_page_is_wider_than_the_screen(forge: Forge, browser: Page, width: int) -> None:
    await browser.set_viewport_size({"width": width, "height": 800})
    pull = await forge.pull("a-branch-with-a-rather-long-name-that-does-not-fit-anywhere-really")
    home = f"/{forge.repository.full_name}"
    wide = "a_word_that_is_rather_long_and_has_no_place_to_break_" * 3
    file = f"{pull['head']['ref']}.txt"
    body = {"path": file, "line": 1, "body": f"```suggestion\n{wide}\n```\n\n{wide}"}
    body["commit_id"] = pull["head"]["sha"]
    await forge.post(f"{forge.repo}/pulls/{pull['number']}/comments", body, by="triager")
    job = {"name": wide, "conclusion": "failure", "log": wide}
    done = await forge.post("/_forge/ci", {"pull_request": pull["number"], "runs": [job]})
    run = f"{home}/runs/{done.body['jobs'][0]['id']}"
    said = {"title": wide, "body": "As #1 says."}
    await forge.post(f"{forge.repo}/issues", said, by="maintainer")
    change = {"message": wide, "content": "eA=="}
    made = await forge.put(f"{forge.repo}/contents/wide.txt", change, by="maintainer")
    commit = f"{home}/commit/{made.body['commit']['sha']}"

    pages = (home, f"{home}/issues/1", f"{home}/pull/{pull['number']}", run, commit, "/deliveries")
    for path in pages:
        await browser.goto(forge.html_url + path)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width, path

"""Take the pictures of the documentation: the demo's stories on the forge's pages, in Chromium.

``python -m benchmarks.pictures [STORY…]`` writes them to `docs/pictures`; nothing is measured. A
page that is wider than its screen, or that has something to say to the console, ends it.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from bot.cli.boxes import find_box
from bot.cli.demo.model import chosen_model, require_agent
from bot.cli.demo.options import Options
from bot.cli.demo.stage import Stage, opened
from bot.cli.demo.stories import ACTED
from bot.cli.demo.stories.telling import Telling
from bot.runs import Run
from bot.settings import BoxSettings, ModelSettings, load

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDTHS = {"laptop": (1280, 1000), "phone": (390, 1000)}
MOST_BYTES = 150_000
AGENT = "scripted"
SHOWN = {
    ("plan", "issue"): "text=Plan for",
    ("review", "pull"): ".thread",
    ("ci", "pull"): "#checks",
}
"""What a picture begins with, where that is not the top of the page."""


async def told(story: str, state: Path) -> list[tuple[str, str]]:
    """Tell a story and take its pictures; answer name and problem of what is wrong with a page."""
    options = Options(
        once=True,
        as_json=True,
        repo=None,
        base="HEAD",
        issue=None,
        patches=(),
        verify={},
        agent=AGENT,
        story=story,
        state=state,
    )
    settings, models = load(BoxSettings), load(ModelSettings)
    agent = await require_agent(AGENT, models, await find_box(settings))
    async with (
        chosen_model(agent, models, state / "model.log") as model,
        opened(options, state, settings, model) as stage,
    ):
        run = await ACTED[story](stage, Telling(stage, lambda _sighting: None))
        return await _shots(story, stage, run)


async def _shots(story: str, stage: Stage, run: Run) -> list[tuple[str, str]]:
    pages = await _pages(stage, run)
    wrong: list[tuple[str, str]] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for screen, (width, height) in WIDTHS.items():
            page = await chromium.new_page(viewport={"width": width, "height": height})
            page.on("console", lambda message: wrong.append((story, message.text)))  # noqa: B023
            for name, url in pages.items():
                picture = FOLDER / f"{story}-{name}-{screen}.png"
                await page.goto(url)
                if (story, name) in SHOWN:
                    place = page.locator(SHOWN[story, name]).first
                    await place.evaluate("e => { e.scrollIntoView(); scrollBy(0, -90) }")
                wrong += [(picture.name, why) for why in await _take(page, picture)]
            await page.close()
        await chromium.close()
    return wrong


async def _pages(stage: Stage, run: Run) -> dict[str, str]:
    hub = stage.hub
    pull: dict[str, Any] = await hub.of_repository(f"/pulls/{run.pull_request}")
    found = await hub.of_repository(f"/commits/{pull['head']['sha']}/check-runs?per_page=100")
    check = next(each for each in found["check_runs"] if each["name"] == "Coppice")
    issue = await hub.of_repository(f"/issues/{run.issue}")
    return {"issue": issue["html_url"], "pull": pull["html_url"], "check": check["html_url"]}


async def _take(page: Page, picture: Path) -> list[str]:
    """Take one picture of what the screen shows; answer what is wrong with it."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    wide = await page.evaluate("document.documentElement.scrollWidth")
    await page.screenshot(path=picture, animations="disabled", scale="css")
    size = picture.stat().st_size
    wrong = [f"it is {wide} wide on a screen of {width}"] if wide > width else []
    return [*wrong, *([f"it has {size:,} bytes"] if size > MOST_BYTES else [])]


async def main(stories: list[str]) -> int:
    FOLDER.mkdir(exist_ok=True)
    wrong = []
    for story in stories:
        with tempfile.TemporaryDirectory() as name:
            wrong += await told(story, Path(name))
    for name, why in wrong:
        sys.stderr.write(f"pictures: {name}: {why}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or list(ACTED))))

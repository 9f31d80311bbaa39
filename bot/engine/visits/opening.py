"""Come to somebody else's pull request: its commits as they are now, from forks too."""

from collections.abc import Sequence
from functools import partial

from bot.engine.shop import Shop
from bot.engine.source import Source
from bot.errors import EffectRefused, StageFailed
from bot.github.reads import PullRequestFacts
from bot.pipeline import instructions
from bot.pipeline.definition import WRITING, load
from bot.runs import Json, Run, Visit
from bot.store import runs

MOST_FILES = 3000
"""GitHub lists no more of a pull request."""
MOST_LINES = 200_000
CLOSED = "pull_request_closed"


async def arrive(shop: Shop, source: Source, run: Run, *, turn: int = 1) -> None:
    """Fetch its head and base, freeze the default branch's instructions, write down where it is.

    Raises EffectRefused where it is closed or gone, StageFailed where it cannot be looked at.
    """
    pull = await open_pull(source, run)
    if run.work.only_ci:
        await _stay(shop, source, run)
        return
    default = await source.default_branch(run.repository)
    house = await source.fetch(run.repository, default)
    if house is None:
        reason = f"there is no default branch `{default}`"
        raise StageFailed("no_base", reason, blocked=True)
    await instructions.freeze(shop.files(run.id), partial(shop.objects(run).file, house))
    base = house if pull.base == default else await source.fetch(run.repository, pull.base)
    head = await source.fetch_pull(run.repository, run.issue)
    if base is None or head is None:
        which = f"`{pull.base}`" if base is None else f"the head of #{run.issue}"
        raise StageFailed("no_base", f"there is no {which} to fetch", blocked=True)
    work = await _ground(shop, run, base, head)
    visit = _visit(pull, house, head, turn)
    work |= {"base_ref": pull.base, "visit": visit.model_dump(mode="json")}
    await shop.pack(run.id)
    await shop.database.write(lambda c: runs.update(c, run.id, work=work))


async def _stay(shop: Shop, source: Source, run: Run) -> None:
    """Keep what was made there; only the head is looked at, which CI is to run on."""
    head = await source.fetch_pull(run.repository, run.issue)
    if head is None:
        raise StageFailed("no_base", f"there is no head of #{run.issue} to fetch", blocked=True)
    await shop.database.write(lambda c: runs.update(c, run.id, work={"pushed": head}))


async def open_pull(source: Source, run: Run) -> PullRequestFacts:
    """Read the pull request; raises EffectRefused where nothing can be said there any more."""
    pull = await source.pull(run.repository, run.issue)
    if pull is None:
        raise EffectRefused("gone", f"there is no pull request #{run.issue}")
    if not pull.open:
        how = "merged" if pull.merged else "closed"
        raise EffectRefused(CLOSED, f"pull request #{run.issue} was {how}")
    return pull


def _visit(pull: PullRequestFacts, house: str, head: str, turn: int) -> Visit:
    return Visit(
        number=pull.number,
        house=house,
        head_sha=head,
        head_ref=pull.head,
        head_repository=pull.head_repository,
        same_repository=pull.same_repository,
        draft=pull.draft,
        turn=turn,
    )


async def _ground(shop: Shop, run: Run, base: str, head: str) -> dict[str, Json]:
    """What is compared: a reviewer sees what the branch adds, work goes on top of the head."""
    objects = shop.objects(run)
    fork = await objects.merge_base(base, head)
    if fork is None:
        reason = f"#{run.issue} has no commit in common with its base"
        raise StageFailed("unrelated", reason, blocked=True)
    fresh: dict[str, Json] = {"round": None, "head_sha": None, "labels": []}
    if any(stage.kind in WRITING for stage in load(run.pipeline).stages):
        return {**fresh, "base_sha": base, "pushed": head, "tree": None, "checkpoint": None}
    _check_size(run, list((await objects.numstat(fork, head)).values()))
    tree = await objects.tree(head)
    return {**fresh, "base_sha": fork, "pushed": None, "tree": tree, "checkpoint": head}


def _check_size(run: Run, counts: Sequence[tuple[int, int] | None]) -> None:
    lines = sum(sum(count) for count in counts if count)
    if len(counts) > MOST_FILES or lines > MOST_LINES:
        raise StageFailed(
            "too_large",
            f"#{run.issue} changes {len(counts):,} files and {lines:,} lines; a review takes"
            f" {MOST_FILES:,} files and {MOST_LINES:,} lines at most. Nothing was spent. Smaller"
            " pull requests can be reviewed",
            blocked=True,
        )

"""The forge's pages: what people see of it, and forms that act as the person they chose.

Pages read the state; every form goes through the same REST call as a program's, so that
permissions hold and events leave.
"""

from aiohttp import web

from bot.forge.forge import Forge
from bot.forge.pages import checks, deliveries, issues, pulls, repository, threads
from bot.forge.pages.site import Site


def add_pages(app: web.Application, forge: Forge) -> None:
    """Add all routes; git's own must be there before, since `/{owner}/{name}` is wide."""
    site = Site(forge)
    for room in (deliveries, checks, pulls, threads, issues, repository):
        for method, path, handler in room.ROUTES:
            app.router.add_route(method, path, site.page(handler))


__all__ = ["add_pages"]

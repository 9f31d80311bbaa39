"""What a fresh forge holds: the demo's people, project and issues, or somebody's own repository."""

from bot.forge.seed.demo import Seed, seed_demo, seed_from
from bot.forge.seed.local import SeedRefused, checked_out, find_start

__all__ = ["Seed", "SeedRefused", "checked_out", "find_start", "seed_demo", "seed_from"]

"""Hours of a working month, one after the other: runs come, take slots and budgets, and wait."""

import random
from dataclasses import dataclass

from benchmarks.simulation.inputs import Cost, Limits, World

HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What to expect of one installation."""

    repositories: int
    runs_a_day: float
    deliveries_a_day: float
    deliveries_peak_second: float
    writes_peak_hour: float
    calls_peak_hour: float
    slots_peak: float
    workers: int
    database_gb_a_year: float
    waiting_runs: float
    dollars_a_month: float
    delayed_hours: float
    """The longest that a run had to wait for GitHub's limit on writes."""
    gives_first: str
    """What is fullest at the peak."""


@dataclass(slots=True)
class Month:
    """Sums of the hours so far."""

    peak_runs: float = 0.0
    peak_writes: float = 0.0
    backlog: float = 0.0
    longest: float = 0.0

    def hour(self, runs: float, cost: Cost, world: World, limits: Limits) -> None:
        wanted = runs * writes_of(cost, world)
        self.peak_runs = max(self.peak_runs, runs)
        self.peak_writes = max(self.peak_writes, wanted)
        self.backlog = max(0.0, self.backlog + wanted - limits.writes_an_hour)
        self.longest = max(self.longest, self.backlog / limits.writes_an_hour)


def writes_of(cost: Cost, world: World) -> float:
    return cost.writes + cost.writes_a_round * world.rounds_a_run


def forecast(
    repositories: int, world: World, cost: Cost, limits: Limits, *, seed: int = 1
) -> Forecast:
    """Play a month hour by hour; the dice are for how issues cluster."""
    dice, month = random.Random(seed), Month()
    monthly = repositories * world.active * world.issues_a_month
    daily = monthly / world.working_days
    for _ in range(world.working_days):
        busiest = dice.randrange(int(world.working_hours))
        for hour in range(HOURS_A_DAY):
            mean = daily / world.working_hours if hour < world.working_hours else 0.0
            expected = mean * (world.peak if hour == busiest else 1.0)
            month.hour(_poisson(dice, expected), cost, world, limits)
    return _told(repositories, monthly, month, world, cost, limits)


def _poisson(dice: random.Random, mean: float) -> float:
    """Draw a count; for large means the normal distribution is near enough."""
    if mean > 50:
        return max(0.0, dice.gauss(mean, mean**0.5))
    count, left = -1, 0.0
    while left < mean:
        left += dice.expovariate(1.0)
        count += 1
    return float(max(0, count))


def _told(
    repositories: int, monthly: float, month: Month, world: World, cost: Cost, limits: Limits
) -> Forecast:
    daily = monthly / world.working_days
    foreign = repositories * world.active * world.pushes_a_day * world.deliveries_a_push
    deliveries = foreign + daily * cost.deliveries
    minutes = cost.agent_minutes + cost.commands_minutes
    slots = max(month.peak_runs * minutes / 60, min(1.0, month.peak_runs))
    workers = max(1, -(-int(slots) // int(limits.slots_a_worker)))
    days = world.working_days * 12
    kept = days * (deliveries * cost.row_kilobytes + daily * cost.run_kilobytes)
    bodies = deliveries * cost.body_days * cost.delivery_kilobytes
    shares = {
        "GitHub's 500 writes an hour": month.peak_writes / limits.writes_an_hour,
        "GitHub's 5,000 calls an hour": month.peak_runs
        * (cost.reads + writes_of(cost, world))
        / limits.calls_an_hour,
        "runs at once of one installation (a setting)": slots / limits.at_once,
        "the one dispatcher": peak_second(deliveries, world) / limits.dispatch_a_second,
        "the entrance": peak_second(deliveries, world) / limits.deliveries_a_second,
    }
    fullest = sorted(shares, key=lambda name: -shares[name])[:2]
    told = ", then ".join(f"{name} ({shares[name]:,.0%})" for name in fullest)
    return Forecast(
        repositories=repositories,
        runs_a_day=round(daily, 1),
        deliveries_a_day=round(deliveries),
        deliveries_peak_second=round(peak_second(deliveries, world), 2),
        writes_peak_hour=round(month.peak_writes),
        calls_peak_hour=round(month.peak_runs * (cost.reads + writes_of(cost, world))),
        slots_peak=round(slots, 1),
        workers=workers,
        database_gb_a_year=round((kept + bodies) / 1024**2, 2),
        waiting_runs=round(daily * world.plan_waits * world.wait_hours / HOURS_A_DAY, 1),
        dollars_a_month=round(monthly * cost.dollars),
        delayed_hours=round(month.longest, 1),
        gives_first=told,
    )


def peak_second(deliveries_a_day: float, world: World) -> float:
    """Deliveries a second in the busiest hour."""
    return deliveries_a_day / (world.working_hours * 3600) * world.peak

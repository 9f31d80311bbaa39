"""What this process did since it started, for Prometheus; add them up over all processes.

No label names a repository, a person, a run or an installation: there may be a hundred thousand.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

_QUICK = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_SLOW = (1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600)

DELIVERIES = Counter(
    "coppice_deliveries_decided",
    "Tries of deliveries by what became of them (pending, error: tried again; dead: given up).",
    ("decision",),
    registry=REGISTRY,
)
DELIVERY_SECONDS = Histogram(
    "coppice_delivery_seconds",
    "From the arrival of a delivery until its decision was carried out.",
    buckets=_QUICK,
    registry=REGISTRY,
)
RUNS = Counter(
    "coppice_runs_concluded",
    "Runs that came to an end here, by status; one that is retried ends again.",
    ("status",),
    registry=REGISTRY,
)
STAGES = Counter(
    "coppice_stage_attempts",
    "Tries of stages that ended here, by how.",
    ("stage", "status"),
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "coppice_stage_seconds",
    "How long tries of stages took.",
    ("stage",),
    buckets=_SLOW,
    registry=REGISTRY,
)
EFFECTS = Counter(
    "coppice_effects",
    "Effects on GitHub: written, unchanged (it was so already), delayed, refused or failed.",
    ("kind", "outcome"),
    registry=REGISTRY,
)
EFFECT_SECONDS = Histogram(
    "coppice_effect_seconds",
    "How long effects took, look-up and waiting for a turn included.",
    buckets=_QUICK,
    registry=REGISTRY,
)
GITHUB_CALLS = Counter(
    "coppice_github_calls",
    "Calls of GitHub's API by class of the answer's status; `none`: no answer came.",
    ("status",),
    registry=REGISTRY,
)
KEY_REFUSED = Counter(
    "coppice_app_key_refused",
    "How often GitHub refused what the App's private key signs, and its file held no other one.",
    registry=REGISTRY,
)
MODEL_CALLS = Counter(
    "coppice_model_calls",
    "Calls of models that were settled here.",
    ("model", "status"),
    registry=REGISTRY,
)
MODEL_TOKENS = Counter(
    "coppice_model_tokens",
    "Tokens of calls that were settled here; input holds the cached ones, output the reasoning.",
    ("model", "kind"),
    registry=REGISTRY,
)
MODEL_DOLLARS = Counter(
    "coppice_model_dollars",
    "What those calls cost, in dollars, where the price is known.",
    ("model",),
    registry=REGISTRY,
)
SWEPT = Counter(
    "coppice_sweep_found",
    "Missed deliveries that a sweep brought back.",
    registry=REGISTRY,
)

"""Prometheus's text format, read by its own parser."""

from prometheus_client.parser import text_string_to_metric_families


def series(text: str) -> dict[str, float]:
    """What a scrape says: `name{label=value}` to number."""
    return {
        sample.name
        + "".join(f"{{{k}={v}}}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

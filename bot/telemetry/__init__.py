"""What Coppice tells of itself while it runs: figures for Prometheus, health, traces."""

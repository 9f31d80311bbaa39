"""The figures of the project: each module measures one goal against a rival.

`python -m benchmarks` runs them all; a module is run by itself as `python -m benchmarks.NAME`.
"""

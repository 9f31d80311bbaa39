"""What one installation may expect at 10, 1,000 and 100,000 repositories: a simulation, no test.

Its inputs are measured or assumed as named in ``inputs``; docs/scale.md shows what comes of them.
"""

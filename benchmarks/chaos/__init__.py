"""Chaos: whole stories through the local forge while everything around them breaks.

`python -m benchmarks.chaos` kills processes and spoils calls and deliveries while people work; then
it plays the same stories undisturbed and compares what GitHub looks like, object by object.
"""

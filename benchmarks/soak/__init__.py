"""Wear: the service works for a long time under faults, and what it holds must stay flat."""

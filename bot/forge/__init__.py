"""The local stand-in for GitHub; imports nothing of the rest of the house."""

__version__ = "0.1.0"

"""The local stand-in for GitHub; imports nothing of the rest of the house."""

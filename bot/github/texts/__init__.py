"""Every text that people read on GitHub, as pure functions of plain data.

What issues, models and commands say goes through ``bot/github/markdown.py`` first.
"""

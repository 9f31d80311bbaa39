"""How DBOS is set up, and the words that workflow bodies are written in."""

from bot.engine.durable import lean

lean.load("dbos")  # before anybody else does

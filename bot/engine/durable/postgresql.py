"""The engine's tables in PostgreSQL, reached with the time limits of all our connections.

DBOS tries again what it takes for a lost connection, and for nothing else: a statement that was
refused because the server could only be read, or took too long, would end a run.
"""

import sqlalchemy as sa

from bot.store.postgres import parameters
from bot.store.retry import leave_outages

CONNECTIONS = 10
STATEMENT_SECONDS = 600.0  # an index that a release of DBOS brings is built within it
IDLE_SECONDS = 10.0


def create(url: str, connections: int = CONNECTIONS) -> sa.Engine:
    """Make the engine of a URL; it connects when it is asked for something."""
    limits = parameters(
        url, name="engine", statement_seconds=STATEMENT_SECONDS, idle_seconds=IDLE_SECONDS
    )
    return leave_outages(
        sa.create_engine(
            "postgresql+psycopg://",
            connect_args=limits,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # DBOS logs what it tries again
        )
    )

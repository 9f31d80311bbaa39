"""What several machines share through the database: workers, turns, leadership, orders."""

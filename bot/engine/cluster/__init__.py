"""Where and when the work of runs goes on: turns, slots, and one worker among several."""

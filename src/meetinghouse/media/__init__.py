"""The seam to the media engine: its contract, the agent that speaks to it, a fake of it, and its numbers."""

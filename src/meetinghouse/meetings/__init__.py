"""Meetings: planned, joined, held."""

"""The schema's revisions, in one line, each named by its number and its feature."""

"""What a commit promises."""

from __future__ import annotations

from typing import Literal

# With either, a killed server loses no committed row; `full` also survives a power cut of the machine with the database, at the
# price of one fsync a write.
Synchronous = Literal["normal", "full"]

# Compiled statements that an engine keeps; all statements of the program fit.
STATEMENT_CACHE = 1000

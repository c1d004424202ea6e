"""The server and the providers that the tests of identity share."""

from __future__ import annotations

from houses import house, installation, issuer

__all__ = ["house", "installation", "issuer"]

"""Names that only a framework calls, so that the check for unused code knows them."""

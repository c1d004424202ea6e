"""How an organisation's own systems say who its people are."""

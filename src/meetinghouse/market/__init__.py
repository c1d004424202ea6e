"""Who may do what: market rules, as far as one operator with one tenant needs them."""

"""Price books, orders and subscriptions, the ledger, usage and statements."""

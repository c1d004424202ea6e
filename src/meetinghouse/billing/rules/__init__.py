"""Pure decisions about prices, subscriptions, the ledger, usage and statements."""

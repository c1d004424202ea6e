"""Mail that the service sends: an outbox that is written with what it tells of, and a sender that speaks SMTP."""

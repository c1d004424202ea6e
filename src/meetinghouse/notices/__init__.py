"""What is told to other systems: an outbox that is written with what it tells of, and delivered until it is taken."""

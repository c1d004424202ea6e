"""Where things may be: the one region of this installation and the residency policy of its tenant."""

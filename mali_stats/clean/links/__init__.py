"""Two records of one war, linked event by event."""

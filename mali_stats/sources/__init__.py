"""What the publishers give, unchanged: one module per publisher, and ``files`` which opens what they send."""

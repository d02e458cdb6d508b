"""What does no list have? Several answers side by side."""

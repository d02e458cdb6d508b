"""What a new release of a record changes."""

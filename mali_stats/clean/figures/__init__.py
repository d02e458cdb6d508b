"""Reported words to numbers, with the interval that the words mean."""

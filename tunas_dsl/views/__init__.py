"""What is shown of a space, of an architecture, and of two of them, as data."""

"""Text formats for nested lists: Simple converts a list to a line, and back."""

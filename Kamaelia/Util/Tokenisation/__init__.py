"""Lists of text as lines, and back."""

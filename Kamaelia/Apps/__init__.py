"""Applications: whole programs made of components."""

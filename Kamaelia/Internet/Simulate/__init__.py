"""Networks that misbehave, for tests of what is to survive them."""

"""Files read and written by components."""

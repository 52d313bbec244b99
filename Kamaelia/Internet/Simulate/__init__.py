"""Networks with faults, for tests: BrokenNetwork loses, duplicates and reorders packets."""

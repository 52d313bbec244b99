"""Modules that may change: Process (components in processes of their own), and Wire for it."""

"""Greylisting as plain code: rules, lists and keys; no clock, no store, no socket."""

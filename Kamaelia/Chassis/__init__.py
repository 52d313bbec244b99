"""Chassis: components that are made of other components, joined by a pattern of linkages."""

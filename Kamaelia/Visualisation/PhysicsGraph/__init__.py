"""The text commands of a graph viewer.

chunks_to_lines      cuts text into lines
lines_to_tokenlists  cuts lines into words
"""

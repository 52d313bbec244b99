"""Components by C. Luo.

DictChooser                 the items of a choice, from a dict
JSON                        values as JSON, and back
SimpleFileWriterWithOutput  a file writer that reports what it has written
"""

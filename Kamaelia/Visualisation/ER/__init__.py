"""The historical import paths of the viewer of entities and relations.

ERVisualiserServer  a component that cuts text into lists of words
"""

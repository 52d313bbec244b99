"""The historical import paths of the viewer of running systems.

AxonVisualiserServer  a component that cuts text into lists of words
"""

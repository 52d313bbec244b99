"""Drawings of components and systems, as text: no component, window or library is needed.

Graph             the data: nodes with boxes and parts, and the edges between boxes
Shapes            the parts of an SVG: text, hexagons and lines, and the colours of both themes
Layers            the order of nodes in columns, so that edges lead from left to right
Layout            the place of each node, and the way of each edge
GraphDrawing      a graph as SVG
Sequence          messages as a sequence diagram, for Mermaid and as text
GraphText         a graph as Mermaid, Graphviz DOT and plain data for JSON
ComponentDrawing  one component with all its boxes as SVG
"""

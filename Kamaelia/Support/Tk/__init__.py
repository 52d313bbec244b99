"""Widgets of Tk that tkinter lacks.

Scrolling  a list and a menu with many entries
"""

"""Handlers of HTTP requests.

Minimal         the files in a folder
StaticFiles     how the files are found and opened, and which of them stay in memory
SessionExample  a component that goes on between the requests of a session
"""

"""Callbacks that report to a sweep from other libraries' training loops.

Each module imports its library, and nothing here is imported before it is used.
"""

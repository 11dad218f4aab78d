"""Inputs that nobody would think of, made by machines: coverage-guided for each reader, mutated for the whole server.

`python -m fuzz` runs all readers, `python -m fuzz http` the server; `--help` says more.
"""

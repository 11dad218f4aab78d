"""Reads request bodies in bounded pieces, and finds the package in them."""

"""Signatures of packages, and the BER that they are written in."""

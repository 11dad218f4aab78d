"""Request bodies, read in bounded pieces, and the package in them."""

"""Packages as feeds hold them: versions, contents, deletions, downloads, and the catalog of every change."""

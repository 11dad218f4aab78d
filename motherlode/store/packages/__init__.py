"""The packages of feeds: versions, contents, deletions, downloads, and the catalog of all changes."""

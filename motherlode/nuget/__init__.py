"""The NuGet library: ids, versions, ranges, frameworks, nuspecs, archives and the validation of packages.

Pure: it reads the files it is given, does no other I/O, and does not depend on a server.
"""

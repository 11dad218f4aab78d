"""The NuGet library: ids, versions, ranges, frameworks, nuspecs, archives and what is wrong with a package.

Pure: it reads the files it is given, does no other I/O, and knows nothing of servers.
"""

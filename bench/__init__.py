"""Measures Motherlode beside nginx on one machine: `python -m bench`, or `make bench`.

What makes the figures fair is in one place each: servers on one core and load on another (`cores.py`), the two servers
in turn within one run (`reads.py`), processor time as the kernel accounts it, of whole process trees (`trees.py`),
latency at a fixed rate counted from when a request was due (`pace.py`). `cases.py` is the list of what is measured.
"""

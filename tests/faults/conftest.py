"""Which files of this folder can run here."""

from tests.faults.disks import may_mount

# a user who may mount nothing has no small disk to fill; test_file_limit.py shows the same for one push everywhere
collect_ignore = [] if may_mount() else ["test_disk_full.py"]

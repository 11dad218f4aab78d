"""No room for one body: a limit on the size of files, which every user may set on a process of his own."""

import resource

from tests.faults.integrity import assert_refused_full, assert_sound, stored
from tests.faults.processes import linux_only, workers
from tests.support.builders import nupkg

pytestmark = linux_only


def test_a_body_larger_than_a_file_may_be_is_refused_and_stores_nothing(server):
    """The limit is set on the worker that runs, and lifted again."""
    [worker] = workers(server.process.pid)
    before = stored(server.data)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    assert_refused_full(server.push(nupkg(payload_bytes=3_000_000)))
    assert stored(server.data) == before
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert server.push(nupkg(payload_bytes=3_000_000)).status == 201
    assert_sound(server.data)

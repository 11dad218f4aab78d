"""Several processes: each sees what another committed, and none is hurt by the death of one."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from motherlode.search.index import create_index, open_index
from tests.search.packages import a_subject, ask, find

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from motherlode.search.index import open_index
from tests.search.packages import a_subject

index = open_index(Path(sys.argv[1]), history="one")
for line in sys.stdin:
    number = int(line)
    index.write((a_subject(f"Package{number}.N{each}") for each in range(100)), {1: number})
    if len(sys.argv) > 2:
        index.tidy()
    print(number, flush=True)
"""


@pytest.fixture
def folder(tmp_path):
    create_index(tmp_path / "index", history="one")
    return tmp_path / "index"


@pytest.fixture
def start_writer(folder):
    """Starts a process that writes 100 packages for each number it is sent, and sends it back once they are in."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-c", WRITER, str(folder), *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, cwd=ROOT, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def write(process, number):
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    assert process.stdout.readline() == f"{number}\n"


def test_what_one_process_committed_another_finds_after_a_reload(folder, start_writer):
    reader = open_index(folder, history="one")
    writer = start_writer("tidy")
    for number in range(1, 12):
        write(writer, number)
        assert (reader.positions().get(1, 0), find(reader, f"packageid:package{number}.n5")) == (number - 1, [])
        reader.reload()
        assert reader.positions() == {1: number}
        assert reader.search(ask("")).total == number * 100
        assert find(reader, f"packageid:package{number}.n5") == [f"package{number}.n5"]


def test_processes_take_turns_at_writing(folder, start_writer):
    writer = start_writer("tidy")
    index = open_index(folder, history="one")
    for number in range(1, 6):
        write(writer, number)
        index.write([a_subject(f"Mine{number}")], {2: number})
        index.tidy()
        assert index.positions() == {1: number, 2: number}
        assert index.search(ask("")).total == number * 101


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="only POSIX kills without asking")
@pytest.mark.parametrize("attempt", range(6))
def test_a_writer_killed_at_any_moment_leaves_a_whole_index_that_can_be_written(folder, start_writer, attempt):
    writer = start_writer()
    write(writer, 1)
    writer.stdin.write("2\n" * 50)
    writer.stdin.flush()
    for _ in range(attempt):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    index = open_index(folder, history="one")
    position = index.positions()[1]
    assert index.search(ask("")).total == position * 100
    index.write([a_subject("After")], {1: 9})
    index.tidy()
    assert open_index(folder, history="one").positions() == {1: 9}
    assert find(index, "after") == ["after"]


def test_a_process_that_died_while_it_held_the_writer_leaves_no_lock(folder, start_writer):
    writer = start_writer()
    write(writer, 1)
    writer.kill()
    writer.wait()
    index = open_index(folder, history="one")
    index.write([a_subject("After")], {1: 2})
    assert index.positions() == {1: 2}


def test_threads_search_while_another_writes(folder):
    index = open_index(folder, history="one")
    index.write([a_subject("Always.There")], {1: 0})
    is_done, faults = Event(), []

    def search():
        try:
            while not is_done.is_set():
                assert find(index, "always") == ["always.there"]
                assert index.search(ask("")).total >= 1
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(25):
        index.write([a_subject(f"Package{number}"), a_subject("Always.There")], {1: number})
        index.tidy()
    is_done.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert index.search(ask("")).total == 26

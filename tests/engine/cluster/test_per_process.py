"""State of one process, seen from its forks."""

from __future__ import annotations

import subprocess
import sys
import textwrap

SCRIPT = """
    import gc, os, sys, threading
    from asynction_asgi.engine.cluster.per_process import PerProcess

    class Connection:
        def __del__(self):
            print("destroyed", flush=True)

    state = PerProcess()
    with state.lock:
        state.value = Connection()
    taken, go_on = threading.Event(), threading.Event()

    def hold():
        with state.lock:
            taken.set()
            go_on.wait()

    threading.Thread(target=hold, daemon=True).start()
    taken.wait()
    child = os.fork()
    if child == 0:
        assert state.lock.acquire(timeout=20)
        assert state.value is None
        state.value = "the child's"
        gc.collect()
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    with state.lock:
        assert isinstance(state.value, Connection)
    print("done", flush=True)
    os._exit(0)
"""


def test_a_fork_begins_without_the_value_and_its_lock() -> None:
    """A lock that another thread holds does not stop the fork, which never destroys what it inherited."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(SCRIPT)]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "done\n", "")


THREADS = """
    import os, sys, threading
    from asynction_asgi.engine.cluster.private_loop import private_loop

    inherited = private_loop()

    def count_loops():
        sys.setswitchinterval(1e-6)
        loops, barrier = set(), threading.Barrier(4)

        def use():
            barrier.wait()
            loops.add(private_loop())

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inherited not in loops
        return len(loops)

    for _ in range(40):
        child = os.fork()
        if child == 0:
            os._exit(count_loops())
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), end="", flush=True)
    os._exit(0)
"""


def test_threads_of_a_fork_share_one_value() -> None:
    """Threads that come first at the same time get one lock, and so one loop."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(THREADS)]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "1" * 40, "")

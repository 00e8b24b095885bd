"""Threads for blocking calls: none waits for another, given-up ones give their place away."""

from __future__ import annotations

import threading

import pytest

from hermes_core.agent.workers import Workers


def test_calls_handed_over_together_all_begin_though_one_thread_rests() -> None:
    workers = Workers(8)
    for _ in range(20):
        workers.submit(lambda: None).result(5)
        release, begun = threading.Event(), threading.Semaphore(0)

        def work(begun: threading.Semaphore = begun, release: threading.Event = release) -> None:
            begun.release()
            release.wait(10)

        jobs = [workers.submit(work) for _ in range(4)]
        assert all(begun.acquire(timeout=5) for _ in jobs)
        release.set()
        for job in jobs:
            job.result(5)
    workers.shutdown()


def test_given_up_call_counts_as_stray_until_it_ends_and_frees_its_place() -> None:
    workers, release, begun = Workers(1), threading.Event(), threading.Event()

    def deaf() -> None:
        begun.set()
        release.wait(10)

    stray = workers.submit(deaf)
    assert begun.wait(5)
    stray.cancel()
    assert workers.strays == 1
    assert workers.submit(lambda: "next").result(5) == "next"
    release.set()
    stray.result(5)
    assert workers.strays == 0
    workers.shutdown()


def test_call_after_the_end_is_refused() -> None:
    workers = Workers()
    workers.shutdown()
    with pytest.raises(RuntimeError):
        workers.submit(lambda: None)

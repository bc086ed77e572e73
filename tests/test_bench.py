"""The benchmark: its arithmetic, what it calls a miss, and one whole run of tiny size that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.load import WrongAnswer, ask, browse, race
from bench.table import Fact, Row, exit_status, percentiles, table

ROOT = Path(__file__).resolve().parents[1]
PAIRS = [(50.0, 100.0), (10.0, 100.0), (90.0, 100.0)]


def a_row(pairs=PAIRS, least: float | None = 0.5, seconds=()) -> Row:
    return Row("home page", "bare Flask", pairs, least, seconds)


def test_the_ratio_is_the_median_of_the_paired_ratios():
    slow_then_fast = [(10.0, 20.0), (100.0, 1000.0), (30.0, 40.0)]
    assert a_row(slow_then_fast).ratio == pytest.approx(0.5)


def test_a_row_at_its_target_is_no_miss():
    assert not a_row(least=0.5).missed


def test_a_row_below_its_target_is_marked_and_fails_the_run():
    row = a_row(least=0.51)
    assert "MISSED" in table([row])
    assert exit_status([a_row(), row]) == 1


def test_a_row_without_a_target_can_not_miss():
    row = a_row([(1.0, 100.0)], least=None)
    assert "MISSED" not in table([row])
    assert exit_status([row]) == 0


def test_a_fact_past_its_limit_is_marked_and_fails_the_run():
    fact = Fact("memory", "400 MB", missed=True)
    assert str(fact).endswith("MISSED")
    assert exit_status([a_row(), fact]) == 1


def test_the_table_names_figure_floor_ratio_and_target_in_columns():
    lines = table([a_row([(500.0, 2000.0)], 0.15, [0.010] * 20)]).splitlines()
    assert lines[0].split()[:4] == ["figure", "per", "second", "floor"]
    assert lines[1].split() == ["home", "page", "500", "2,000", "0.25", "0.15", "10.0", "10.0", "bare", "Flask"]


def test_percentiles_are_in_milliseconds():
    assert percentiles([one / 1000 for one in range(1, 101)]) == (pytest.approx(50.5), pytest.approx(95.05))
    assert percentiles([0.002]) == (2.0, 2.0)
    assert percentiles([]) == (0.0, 0.0)


@pytest.fixture
def floor_port(tmp_path):
    from bench.servers import web

    with web({**os.environ, "VAR_DIR": str(tmp_path)}, "bench.floor:app") as (_, port):
        yield port


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_the_load_counts_every_answer_and_refuses_a_wrong_one(floor_port):
    load = browse(floor_port, iter([GET] * 40), clients=4, seconds=60, status=200)
    assert load.statuses == [200] * 40
    assert len(load.seconds) == 40
    assert race(floor_port, [GET] * 5, {200}).statuses == [200] * 5
    assert ask(floor_port, GET).body == b"seats"
    with pytest.raises(WrongAnswer, match="404"):
        browse(floor_port, iter([GET.replace(b"/ ", b"/none ")] * 4), clients=2, seconds=60, status=200)


def environment(folder: Path) -> dict[str, str]:
    """A process of its own, with nothing of the tests' settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"VAR_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT)}


def test_a_whole_run_measures_every_row_and_leaves_nothing_behind(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from bench.__main__ import bench; from bench.sizes import TINY; exit(bench(TINY))"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == int("MISSED" in done.stdout), done.stderr
    assert [line[:12].strip() for line in lines[1:8]] == [
        "hold_seats,",
        "POST hold ov",
        "poll, nothin",
        "poll, 3 seat",
        "seat map pag",
        "home page",
        "one ticket's",
    ]
    assert any("clients race for one seat: all answered in" in line for line in lines)
    assert "promise_broken" not in done.stderr, "the house that is measured keeps its promises"
    assert any("memory of web, worker and schedule:" in line for line in lines)
    assert any("over 100 shows:" in line for line in lines)
    assert not (tmp_path / "var").exists()


def test_ctrl_c_ends_everything_it_started(tmp_path):
    run = subprocess.Popen(
        [sys.executable, "-m", "bench", "--quick"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    with run.stderr:
        for line in run.stderr:
            if "hold_seats" in line:
                break
        run.send_signal(signal.SIGINT)
        said_last = run.stderr.read()
    assert run.wait(60) == 130, said_last
    assert not (tmp_path / "var").exists()
    assert not still_running(str(tmp_path))


def still_running(word: str) -> list[str]:
    """Command lines that contain the word, some seconds' grace given."""
    end = time.monotonic() + 20
    while True:
        found = [line for line in command_lines() if word in line]
        if not found or time.monotonic() > end:
            return found


def command_lines() -> list[str]:
    """Of every process, by /proc where there is one, for a small Linux has no ps."""
    if files := list(Path("/proc").glob("[0-9]*/cmdline")):
        return [line for file in files if (line := said(file))]
    return subprocess.run(
        ["ps", "-ww", "-A", "-o", "args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def said(file: Path) -> str:
    try:
        return file.read_text().replace("\0", " ")
    except OSError:
        return ""

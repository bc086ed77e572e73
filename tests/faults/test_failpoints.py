"""Failpoints are nothing in the product: only a test's own processes can be killed by them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import failpoints
from tests.support.house import ROOT

PASS_BY = "from app.failpoints import failpoint; [failpoint('here') for _ in range(3)]; print('alive')"


def passing_by(**env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("ENV", "FAILPOINTS")}
    command = [sys.executable, "-c", PASS_BY]
    return subprocess.run(command, cwd=ROOT, env=clean | env, capture_output=True, text=True, check=False)


def test_without_the_two_settings_a_failpoint_does_nothing():
    assert failpoints.failpoint is failpoints._nothing


@pytest.mark.parametrize("env", ["production", "development", ""])
def test_outside_tests_an_armed_failpoint_kills_nobody(tmp_path: Path, env: str):
    (tmp_path / "here").touch()
    assert passing_by(ENV=env, FAILPOINTS=str(tmp_path)).stdout == "alive\n"


def test_an_armed_failpoint_kills_at_its_passing_once(tmp_path: Path):
    (tmp_path / "here").write_text("3")
    assert passing_by(ENV="test", FAILPOINTS=str(tmp_path)).returncode == -signal.SIGKILL
    assert passing_by(ENV="test", FAILPOINTS=str(tmp_path)).stdout == "alive\n"

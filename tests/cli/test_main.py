from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from fastw2v import demo
from fastw2v.cli import main


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    made: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(demo, "run_demo", lambda output, **options: made.append((output, options)))
    return made


def exit_status(*argv: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    return caught.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("--version") == 0
    assert capsys.readouterr().out == f"fastw2v {version('fastw2v')}\n"


@pytest.mark.parametrize("argv", [["--help"], ["demo", "--help"]])
def test_help_shows_an_example(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(*argv) == 0
    printed = capsys.readouterr().out
    assert "example: fastw2v demo" in printed
    assert "demo" in printed


def test_without_a_command_help_is_printed_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: fastw2v")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["demo", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["demo", "--workers", "0"], "at least 1, not '0'"),
        (["demo", "--workers", "two"], "at least 1, not 'two'"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--output"], "expected one argument"),
    ],
)
def test_wrong_arguments_exit_with_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(*argv) == 2
    assert message in capsys.readouterr().err


def test_demo_passes_its_options_on(calls: list[tuple[Any, dict[str, Any]]]) -> None:
    assert main(["demo"]) == 0
    assert main(["demo", "-o", "v.safetensors", "--workers", "3", "--seed", "0"]) == 0
    assert calls == [
        ("fastw2v-demo.safetensors", {"workers": None, "seed": 1}),
        ("v.safetensors", {"workers": 3, "seed": 0}),
    ]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ValueError("no\n  words"), 1, "fastw2v: error: no words\n"),
        (FileNotFoundError("no folder x"), 1, "fastw2v: error: no folder x\n"),
        (KeyboardInterrupt(), 130, "fastw2v: interrupted\n"),
    ],
)
def test_errors_are_one_line(
    error: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(output: str, **options: object) -> None:
        raise error

    monkeypatch.setattr(demo, "run_demo", fail)
    assert main(["demo"]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == message


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(output: str, **options: object) -> None:
        raise TypeError("a mistake")

    monkeypatch.setattr(demo, "run_demo", fail)
    with pytest.raises(TypeError, match="a mistake"):
        main(["demo"])


def test_the_module_runs_and_refuses_an_unwritable_output(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fastw2v", "demo", "-o", str(tmp_path / "missing" / "v")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("fastw2v: error: cannot write ")
    assert run.stderr.count("\n") == 1

"""The one command lists its subcommands, starts light, and turns known errors into one sentence."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from assistant import commands, exit_codes


def test_every_command_names_a_module_that_exists() -> None:
    for name, command in commands.COMMANDS.items():
        module, _, function = command.function.partition(":")
        assert importlib.util.find_spec(module) is not None, f"steward {name}: {module} is missing"
        assert function


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--help"]) == exit_codes.SUCCESS
    printed = capsys.readouterr().out
    assert [name for name in commands.COMMANDS if f"  {name} " not in printed] == []


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["brew"]) == exit_codes.USAGE
    assert "no command 'brew'" in capsys.readouterr().err


def test_a_known_error_is_one_sentence_and_status_one(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert commands.main(["ingest", "/nowhere/at/all", "--data", str(tmp_path)]) == exit_codes.FAILURE
    assert capsys.readouterr().err.startswith("steward ingest: /nowhere/at/all doesn't exist.")


def test_help_starts_without_the_heavy_libraries() -> None:
    script = (
        "import sys; from assistant.commands import main; main(['--help']);"
        "sys.exit(any(name.split('.')[0] in {'langchain', 'sqlalchemy', 'nicegui', 'numpy'} for name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert done.returncode == 0

"""The built wheel carries everything and works from another folder."""

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.databases import PROJECT, Database


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # A clone holds what is committed or tracked; the build must not leave its folders in the working tree.
    source = folder / "source"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, files.stdout.split("\0")):
        if (PROJECT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((PROJECT / name).read_bytes())
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)], cwd=folder)
    return next(folder.glob("*.whl"))


def run(command: list[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_wheel_holds_every_file_that_is_not_python(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    apps = ("config", "accounts", "trading", "liquidity", "risk", "audit", "ops")
    wanted = {
        str(path.relative_to(PROJECT))
        for app in apps
        for path in (PROJECT / app).rglob("*")
        if path.is_file() and path.suffix not in {".pyc"}
    }
    assert wanted - packed == set()


def test_installed_wheel_migrates_from_another_folder(wheel: Path, tmp_path: Path, empty_database: Database) -> None:
    site = tmp_path / "site"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(site),
            str(wheel),
        ],
        cwd=tmp_path,
    )
    environment = empty_database.environment(PYTHONPATH=str(site), DJANGO_SETTINGS_MODULE="config.settings.dev")
    where = run([sys.executable, "-c", "import config; print(config.__file__)"], cwd=elsewhere, env=environment)
    assert where.startswith(str(site))
    run([sys.executable, "-m", "manage", "migrate", "--verbosity", "0"], cwd=elsewhere, env=environment)
    assert run([sys.executable, "-m", "manage", "migrate", "--check"], cwd=elsewhere, env=environment) == ""
    static = run(
        [sys.executable, "-m", "manage", "collectstatic", "--noinput", "--verbosity", "1"],
        cwd=elsewhere,
        env={**environment, "STATIC_ROOT": str(tmp_path / "static")},
    )
    assert "static files copied" in static

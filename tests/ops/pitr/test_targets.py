"""Where `--to-time --target` puts a data folder, and where it refuses to."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.commands import entry
from config.database.embedded import EmbeddedServer
from ops.pitr import base
from ops.pitr.archive import Archive
from tests.disks import small_disk


@pytest.fixture
def to_end(server: EmbeddedServer, archive: Archive, settings: Any) -> list[str]:
    settings.BACKUP_DIR = archive.folder.parent
    base.take(archive, incremental=False)
    return ["manage.py", "restore_db", "--to-time", "end", "--json"]


def tree(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("plan", [["--plan"], []], ids=["plan", "run"])
@pytest.mark.parametrize("where", ["there", "link", "inside", "nowhere", "leftover", "file"])
def test_a_target_that_is_no_new_folder_is_refused(
    to_end: list[str], archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, plan: list[str]
) -> None:
    target = tmp_path / "target"
    match where:
        case "there":
            target.mkdir()
        case "link":
            target.symlink_to(tmp_path / "elsewhere")
        case "inside":
            target = archive.wal / ".." / "base" / "target"
        case "nowhere":
            target = tmp_path / "missing" / "target"
        case "leftover":
            target.with_name("target.incoming").mkdir()
            target.with_name("target.incoming").joinpath("of somebody").touch()
        case "file":
            target.with_name("file").touch()
            target = target.with_name("file") / "target"
    before = tree(tmp_path), tree(archive.folder)
    assert entry.run([*to_end, "--target", str(target), *plan]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert (tree(tmp_path), tree(archive.folder)) == before


def test_a_target_with_any_name_is_made(to_end: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "vor dem Fehler, \n größer"
    assert entry.run([*to_end, "--target", str(target)]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(target)
    assert (target / "recovery.signal").exists()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (target, *tree(target)))


def test_a_disk_without_room_for_the_target_is_named(
    to_end: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "small", "8m"):
        assert entry.run([*to_end, "--target", str(tmp_path / "small" / "target")]) == 6
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1), err
        assert not list((tmp_path / "small").iterdir())

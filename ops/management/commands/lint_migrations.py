import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config.commands import EnvironmentFailed, ProjectCommand, VerificationFailed
from config.database.roles import OWNER
from ops.migrating.sql import project_migrations


class Command(ProjectCommand):
    """Lints the SQL of every migration of the project with squawk (rules in .squawk.toml); exit code 4 on findings."""

    help = "Lints the SQL of every migration with squawk."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", type=Path, help="also write the SQL files into this folder")

    def handle(self, *, keep: Path | None, **options: Any) -> None:
        squawk = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
        if squawk is None:
            raise EnvironmentFailed("squawk is missing: scripts/setup-venv dev installs it.")
        with TemporaryDirectory() as temporary:
            folder = keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            # What the owner's connection sets before each migration, so that squawk sees it too.
            time_outs = " ".join(f"SET {name} = '{value}';" for name, value in OWNER.timeouts.settings())
            files = []
            for migration in project_migrations():
                path = folder / migration.file_name
                path.write_text(f"{time_outs}\n{migration.sql}", encoding="utf-8")
                files.append(str(path))
            result = subprocess.run(
                [squawk, "--reporter", "gcc", "--config", str(settings.SOURCE_DIR / ".squawk.toml"), *files],
                capture_output=True,
                text=True,
                check=False,
            )
        if result.returncode:
            raise VerificationFailed(f"{result.stdout}{result.stderr}".replace(f"{folder}/", "").strip())
        self.emit({"migrations": len(files), "findings": 0})

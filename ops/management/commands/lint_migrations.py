import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config.commands import EnvironmentFailed, ProjectCommand, UsageFailed, VerificationFailed
from config.database.roles import OWNER
from ops.migrating.lint.check import findings_of, meets_tables_in_use, subject_of
from ops.migrating.sql import MigrationSql, project_migrations


class Command(ProjectCommand):
    """Lints the SQL of every migration of the project with squawk (rules in .squawk.toml) and by rules of our own.

    Exit code 4 on findings. Rules for tables in use count for migrations that come after the first release.
    """

    help = "Lints every migration: squawk, and the project's own rules. Exit code 4 on findings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", type=Path, help="also write the SQL files into this folder")
        parser.add_argument(
            "--tables-in-use", action="store_true", help="hold all migrations to the rules for tables in use"
        )

    def handle(self, *, keep: Path | None, tables_in_use: bool, **options: Any) -> None:
        migrations = list(project_migrations())
        findings = [
            *_of_squawk(migrations, keep),
            *(
                str(finding)
                for made in migrations
                for finding in findings_of(
                    subject_of(made.migration, made.sql),
                    tables_in_use=tables_in_use or meets_tables_in_use(made.migration),
                )
            ),
        ]
        if findings:
            raise VerificationFailed("\n".join(findings))
        self.emit({"migrations": len(migrations), "findings": 0})


def _of_squawk(migrations: list[MigrationSql], keep: Path | None) -> list[str]:
    squawk = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if squawk is None:
        raise EnvironmentFailed("squawk is missing: scripts/setup-venv dev installs it.")
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageFailed(f"{folder} cannot be made ({error.strerror}): name another folder.") from None
        # What the owner's connection sets before each migration, so that squawk sees it too.
        time_outs = " ".join(f"SET {name} = '{value}';" for name, value in OWNER.timeouts.settings())
        for migration in migrations:
            (folder / migration.file_name).write_text(f"{time_outs}\n{migration.script}", encoding="utf-8")
        files = [str(folder / migration.file_name) for migration in migrations]
        result = subprocess.run(
            [squawk, "--reporter", "gcc", "--config", str(settings.SOURCE_DIR / ".squawk.toml"), *files],
            capture_output=True,
            text=True,
            check=False,
        )
    if not result.returncode:
        return []
    return [f"{result.stdout}{result.stderr}".replace(f"{folder}/", "").strip()]

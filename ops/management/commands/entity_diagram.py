from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config.commands import ProjectCommand, VerificationFailed
from ops.diagram import entity_diagram


class Command(ProjectCommand):
    """Writes docs/ENTITIES.md from the models, or checks that it is current (exit code 4 where it is not)."""

    help = "Draws the tables and their relations from the models into docs/ENTITIES.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 4 where the file is out of date")

    def handle(self, *, check: bool, **options: Any) -> None:
        path = settings.SOURCE_DIR / "docs" / "ENTITIES.md"
        wanted = entity_diagram()
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if check and current != wanted:
            raise VerificationFailed("docs/ENTITIES.md is out of date: run manage.py entity_diagram.")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
        self.emit({"path": str(path), "changed": current != wanted})

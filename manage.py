#!/usr/bin/env python
"""The command line: `manage.py migrate`, `seed_test_data`, `import_quotes`, … (`manage.py help` lists all)."""

import sys


def main(argv: list[str] | None = None) -> int:
    """Run one command; an expected failure is one sentence on stderr and an exit code, never a traceback."""
    try:
        from config.commands.entry import run
    except ImportError as error:
        print(f"{error.name or error} is not installed: run scripts/run once, or activate .venv.", file=sys.stderr)
        return 3
    return run(sys.argv if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())

"""Text files of market data, plain or gzip, read in blocks: memory does not grow with the file."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn, cast

from config.commands import EnvironmentFailed, Failed

BLOCK = 1 << 18
LONGEST_LINE = 4096
GZIP = b"\x1f\x8b"
OTHER_ARCHIVES = {
    b"PK\x03\x04": "ZIP",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7-Zip",
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SourceFile:
    """One file of market data. `size`, and what `advance` is told while it is read, are bytes on disk."""

    def __init__(self, path: Path) -> None:
        """Look at the file; raise `Failed` or `EnvironmentFailed` if it cannot be one."""
        self.path = path
        self.advance: Callable[[int], object] = lambda _: None
        with self._explained():
            # Before it is opened: opening a pipe waits for its writer, and what is read from one is gone.
            if not (path.is_file() or path.is_dir()) and path.exists():
                raise Failed(f"{path} is a pipe or a device, and a file is read twice: save it to a file first.")
            with path.open("rb") as file:
                self.size = path.stat().st_size
                start = file.read(8)
        if not start:
            raise Failed(f"{path} is empty.")
        for magic, kind in OTHER_ARCHIVES.items():
            if start.startswith(magic):
                raise Failed(f"{path} is a {kind} archive: unpack it, or pack it with gzip.")
        self._zipped = start.startswith(GZIP)

    def blocks(self, headers: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
        """Yield whole lines in blocks, each with the number of its first line; without the header, if there is one.

        Every line ends with a newline; empty lines at the end of the file are dropped. A byte beyond ASCII is a
        surrogate, which no format takes.
        """
        number, tail, told = 1, "", 0
        with self._explained(), self.path.open("rb") as file:
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=file) if self._zipped else file)
            if unpacked.read(3) != BYTE_ORDER_MARK:
                unpacked.seek(0)
            text = io.TextIOWrapper(unpacked, encoding="ascii", errors="surrogateescape")
            if headers:
                number = 2
                self._check_header(text.readline(LONGEST_LINE), headers)
            while block := text.read(BLOCK):
                tail += block
                # The last line may be followed by the rest of itself, or by nothing but empty lines.
                end = tail.rstrip("\n").rfind("\n") + 1
                if end:
                    yield number, tail[:end]
                    number += tail.count("\n", 0, end)
                    tail = tail[end:]
                if len(tail) > LONGEST_LINE:
                    self.refuse(number, f"is longer than {LONGEST_LINE} characters")
                self.advance(file.tell() - told)
                told = file.tell()
        if tail := tail.rstrip("\n"):
            yield number, f"{tail}\n"

    def refuse(self, number: int, reason: str) -> NoReturn:
        """Raise `Failed` for line `number`."""
        raise Failed(f"{self.path} line {number}: {reason}. Nothing of this file was loaded.")

    def refuse_if_not_text(self, number: int, line: str) -> None:
        """Raise `Failed` if a line of a block was not UTF-8."""
        try:
            line.encode("ascii", "surrogateescape").decode("utf-8")
        except UnicodeDecodeError:
            self.refuse(number, "this is not UTF-8 text; is it a file of quotes?")

    def _check_header(self, line: str, headers: tuple[str, ...]) -> None:
        if line.strip().lower() not in headers:
            self.refuse_if_not_text(1, line)
            self.refuse(1, f"the header is {line.strip()[:80]!r}, not {' or '.join(headers)}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns an error of reading into a sentence."""
        try:
            yield
        except FileNotFoundError:
            raise Failed(f"{self.path} does not exist.") from None
        except IsADirectoryError:
            raise Failed(f"{self.path} is a folder: name the files in it.") from None
        except PermissionError:
            raise EnvironmentFailed(f"{self.path} may not be read by this user: change its permissions.") from None
        except EOFError:
            raise Failed(f"{self.path} is cut off: its gzip data end early. Fetch it again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise Failed(f"{self.path} is damaged: its gzip data cannot be unpacked. Fetch it again.") from None
        except OSError as error:
            raise EnvironmentFailed(f"{self.path} cannot be read: {error.strerror or error}.") from None

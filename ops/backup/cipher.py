"""Encryption at rest, by age (https://age-encryption.org/v1): for many public keys, read with one private key."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pyrage
from django.conf import settings

from config.commands import EnvironmentFailed, NoSpace

NAME = "age"
SUFFIX = ".age"
CHUNK = 1 << 20


def recipients() -> list[pyrage.x25519.Recipient]:
    """The keys that a new backup is encrypted for; empty where none is configured.

    Raises EnvironmentFailed if one is no key: a backup is never made in the clear because of a typing mistake.
    """
    keys = [key.strip() for key in settings.BACKUP_RECIPIENTS if key.strip()]
    if settings.BACKUP_RECIPIENTS and not keys:
        raise EnvironmentFailed("BACKUP_RECIPIENTS names no key: write public keys that begin with age1, or unset it.")
    try:
        return [pyrage.x25519.Recipient.from_str(key) for key in keys]
    except pyrage.RecipientError:
        raise EnvironmentFailed(
            "BACKUP_RECIPIENTS holds something that is not a public age key (age1…): correct it; no backup was made."
        ) from None


def identity() -> pyrage.x25519.Identity:
    """The private key of BACKUP_IDENTITY_FILE. Raises EnvironmentFailed if it is missing, open to others, or no key."""
    if not settings.BACKUP_IDENTITY_FILE:
        raise EnvironmentFailed(
            "The backup is encrypted: set BACKUP_IDENTITY_FILE to the file with the private key (AGE-SECRET-KEY-…)."
        )
    path = Path(settings.BACKUP_IDENTITY_FILE)
    try:
        with path.open() as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise EnvironmentFailed(f"Others may read {path}, which holds a private key: chmod 600 {path}.")
            lines = [line.strip() for line in file]
        [key] = [line for line in lines if line and not line.startswith("#")]
        return pyrage.x25519.Identity.from_str(key)
    except OSError as error:
        raise EnvironmentFailed(
            f"BACKUP_IDENTITY_FILE, {path}, cannot be read ({error.strerror}): put the private key there."
        ) from None
    except (ValueError, pyrage.IdentityError):
        raise EnvironmentFailed(f"{path} does not hold one private age key (AGE-SECRET-KEY-…): correct it.") from None


class _Hashing:
    """A file that is written, with its size and SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0
        self.full: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self._file.write(data)
        except OSError as error:
            self.full = error
            raise
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def encrypt(source: Path, target: Path, keys: list[pyrage.x25519.Recipient]) -> tuple[int, str]:
    """Encrypt a file, in pieces of 64 KB; return size and SHA-256 of what was written and synced."""
    with source.open("rb") as plain, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        hashing = _Hashing(file)
        try:
            pyrage.encrypt_io(plain, hashing, keys)
            file.flush()
            os.fsync(file.fileno())
        except (pyrage.EncryptError, OSError) as error:
            raise NoSpace(f"{target.name} could not be written ({hashing.full or error}): free some space.") from None
    return hashing.size, hashing.sha256


def decrypt(source: Path, target: Path, key: pyrage.x25519.Identity) -> None:
    """Decrypt a file. Raises EnvironmentFailed if it was made for another key."""
    with source.open("rb") as file, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain:
        hashing = _Hashing(plain)
        try:
            pyrage.decrypt_io(file, hashing, key and [key])
        except (pyrage.DecryptError, OSError) as error:
            if hashing.full:
                raise NoSpace(f"{target} could not be written ({hashing.full.strerror}): free some space.") from None
            # Its SHA-256 was right before: the file is sound, and the key is another's.
            raise EnvironmentFailed(
                f"{source.name} cannot be decrypted ({error}): name the private key that fits in BACKUP_IDENTITY_FILE."
            ) from None


def digest(path: Path, *, sync: bool = False, read: Callable[[int], None] = lambda count: None) -> tuple[int, str]:
    """Size and SHA-256 of a file, read in pieces; with `sync` it is on the disk when this returns."""
    result, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            result.update(piece)
            size += len(piece)
            read(len(piece))
        if sync:
            os.fsync(file.fileno())
    return size, result.hexdigest()

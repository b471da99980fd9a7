"""The manifest of a backup: one way to write it, and a seal over every byte."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from config.commands import EnvironmentFailed, VerificationFailed
from config.files import sync_folder

NAME = "manifest.json"
#: A new one that is being written; a run that was killed may have left it.
INCOMING = f"{NAME}.incoming"
#: Of the layout of the folder and the manifest; what is newer than this is not read.
FORMAT = 4

Manifest = dict[str, Any]


def encode(manifest: Manifest) -> bytes:
    """The bytes of a manifest with its seal: HMAC-SHA256 where BACKUP_SIGNING_KEY is set, else plain SHA-256."""
    body = {key: value for key, value in manifest.items() if key != "seal"}
    return _text({**body, "seal": _seal(body, settings.BACKUP_SIGNING_KEY)})


def decode(data: bytes, name: str) -> Manifest:
    """Read and check one; `name` is for the sentences.

    Raises VerificationFailed if a byte is not what was written or the signature is missing or another's, and
    EnvironmentFailed if it is signed and no key is set.
    """
    try:
        manifest = json.loads(data)
        seal = manifest["seal"]
        # Nothing but our own way to write it is taken: a flipped blank changes no value, and is damage all the same.
        sound = _text(manifest) == data and {"method", "digest"} == seal.keys()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise VerificationFailed(f"The manifest of {name} is damaged: use another backup.")
    key = settings.BACKUP_SIGNING_KEY
    if seal["method"] == "hmac-sha256" and not key:
        raise EnvironmentFailed(f"The manifest of {name} is signed: set BACKUP_SIGNING_KEY to the key that signed it.")
    if seal["method"] == "sha256" and key:
        raise VerificationFailed(
            f"The manifest of {name} is not signed, and BACKUP_SIGNING_KEY is set: if you know who made this backup,"
            " unset the key to read it."
        )
    expected = _seal(manifest, key)
    if seal["method"] != expected["method"] or not hmac.compare_digest(str(seal["digest"]), expected["digest"]):
        cause = "it was changed, or signed with another key than BACKUP_SIGNING_KEY" if key else "it was changed"
        raise VerificationFailed(f"The manifest of {name} does not match its seal: {cause}. Use another backup.")
    if manifest.get("format") != FORMAT:
        raise VerificationFailed(
            f"{name} has a layout that this code does not know: read it with the code that made it."
        )
    return dict(manifest)


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place of the one that is there, whole or not at all, on the disk when this returns."""
    incoming = folder / INCOMING
    incoming.unlink(missing_ok=True)
    with open(os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(encode(manifest))
        file.flush()
        os.fsync(file.fileno())
    incoming.rename(folder / NAME)
    sync_folder(folder)


def _text(manifest: Manifest) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


def _seal(manifest: Manifest, key: str) -> dict[str, str]:
    body = _text({name: value for name, value in manifest.items() if name != "seal"})
    if key:
        return {"method": "hmac-sha256", "digest": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}
    return {"method": "sha256", "digest": hashlib.sha256(body).hexdigest()}

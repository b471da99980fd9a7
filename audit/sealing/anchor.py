"""The anchor: the chain's head, signed and kept where the database's administrator cannot change it.

A chain proves that nothing in it was changed without making all of it anew from there on. Whoever may write the tables
may do just that. Against him helps only a hash that he cannot reach.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from audit.sealing.chain import Seal
from audit.sealing.findings import Finding, Findings, Problem
from config.commands import EnvironmentFailed
from config.files import append

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Anchor:
    """One exported head."""

    line: int
    seal: int
    hash: bytes


def statement_of(seal: Seal, database: str) -> str:
    """The text that is signed: a word and a value on each line."""
    return (
        f"database {database}\nseal {seal.id}\nhash {seal.hash.hex()}\n"
        f"time {seal.sealed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}\n"
    )


def signed_line(seal: Seal, database: str, key: Ed25519PrivateKey) -> str:
    """The head as one line of JSON, with its Ed25519 signature in base64."""
    text = statement_of(seal, database)
    signature = base64.b64encode(key.sign(text.encode())).decode()
    return json.dumps({"statement": text, "signature": signature})


def export(line: str, target: str) -> None:
    """Append the line to a file, or send it to an https address. Raises `EnvironmentFailed` where it cannot."""
    if target.startswith("https://"):
        _post(line, target)
    elif "://" in target:
        raise EnvironmentFailed("AUDIT_ANCHOR is neither a file nor an https:// address: correct it.")
    else:
        _append(line, Path(target))


def last_line(path: Path) -> str:
    """The newest line of an anchor file; empty where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _append(line: str, path: Path) -> None:
    try:
        append(path, line + "\n")
    except OSError as error:
        raise EnvironmentFailed(
            f"The anchor could not be written to {path} ({error.strerror}): correct AUDIT_ANCHOR, or the file's rights."
        ) from None


def _post(line: str, address: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - https only, see export()
        address, data=line.encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(  # noqa: S310
            request, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        ):
            return
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise EnvironmentFailed(
            f"The anchor could not be sent ({reason}): check AUDIT_ANCHOR and the server behind it. The next run tries"
            " again."
        ) from None


def signing_key(path: str) -> Ed25519PrivateKey:
    """The key of AUDIT_SIGNING_KEY_FILE; only its owner may read the file."""
    if not path:
        raise EnvironmentFailed("AUDIT_SIGNING_KEY_FILE is not set: an anchor is signed, so name the key's file there.")
    text = _read(path, "AUDIT_SIGNING_KEY_FILE")
    if stat.S_IMODE(Path(path).stat().st_mode) & 0o077:
        raise EnvironmentFailed(f"Others may read the signing key {path}: run chmod 600 on it.")
    key: object = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(text, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise EnvironmentFailed(
            f"{path} holds no Ed25519 key without a password: make one with `openssl genpkey -algorithm ed25519`."
        )
    return key


def public_key(path: str) -> Ed25519PublicKey:
    """The key that signatures are checked with, from a PEM file."""
    text = _read(path, "The public key")
    key: object = None
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(text)
    if not isinstance(key, Ed25519PublicKey):
        raise EnvironmentFailed(
            f"{path} holds no Ed25519 public key: `openssl pkey -in KEY -pubout` makes it from the signing key."
        )
    return key


def _read(path: str, what: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise EnvironmentFailed(f"{what}: {path} cannot be read ({error.strerror}): correct the path.") from None


def read_anchors(path: Path, key: Ed25519PublicKey, findings: Findings) -> Iterator[Anchor]:
    """The heads in an anchor file whose signature is good; reports the others."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFailed(f"The anchor file {path} cannot be read ({error}): correct --anchor.") from None
    for number, line in enumerate(lines, start=1):
        anchor = _anchor(number, line, key)
        if anchor is None:
            findings.add(
                Finding(
                    problem=Problem.ANCHOR,
                    sentence=f"{path.name}, line {number}: its signature is not one of this key; it was not used.",
                )
            )
        else:
            yield anchor


def _anchor(number: int, line: str, key: Ed25519PublicKey) -> Anchor | None:
    try:
        data = json.loads(line)
        text = data["statement"]
        key.verify(base64.b64decode(data["signature"], validate=True), text.encode())
        values: dict[str, Any] = dict(part.split(" ", 1) for part in text.splitlines())
        return Anchor(number, int(values["seal"]), bytes.fromhex(values["hash"]))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature, binascii.Error):
        return None


def compare(anchors: list[Anchor], hashes: dict[int, bytes], head: int, findings: Findings) -> set[int]:
    """Compare exported heads with the chain; returns the seals that are not what was exported."""
    broken: set[int] = set()
    for anchor in anchors:
        if anchor.seal in broken or hashes.get(anchor.seal) == anchor.hash:
            continue
        broken.add(anchor.seal)
        what = (
            f"the chain ends at seal {head}: later ones were cut off"
            if anchor.seal > head
            else f"seal {anchor.seal} is not what was exported: the chain was made anew up to there"
        )
        findings.add(Finding(problem=Problem.ANCHOR, seal=anchor.seal, sentence=f"Anchor {anchor.line}: {what}."))
    return broken

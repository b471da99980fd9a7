"""The Merkle tree over the hashes of a seal's rows.

A leaf is the SHA-256 of a row (`tables.leaf_sql`). Up to 1,024 leaves, in the order of (transaction, key), make a node:
the SHA-256 of a byte 1 and the leaves; up to 1,024 nodes make a node of the next level in the same way, until one is
left. That one is the root; without rows it is the SHA-256 of nothing. A row's own bytes begin with a zero byte (the
number of its columns), so no row can pass for a node (RFC 6962, section 2.1).
"""

import hashlib
from collections.abc import Sequence

WIDTH = 1024
NODE_MARK = b"\x01"
DIGEST_BYTES = 32
PREFIX_BYTES = 8
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_of(children: Sequence[bytes]) -> bytes:
    """The node over at most `WIDTH` hashes."""
    return hashlib.sha256(NODE_MARK + b"".join(children)).digest()


def root_of(nodes: Sequence[bytes]) -> bytes:
    """The root over the nodes of the lowest level."""
    if not nodes:
        return EMPTY_ROOT
    while len(nodes) > 1:
        nodes = [node_of(nodes[start : start + WIDTH]) for start in range(0, len(nodes), WIDTH)]
    return bytes(nodes[0])

"""Argon2id as in production, at a cost that the test suite can pay."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2Hasher(Argon2PasswordHasher):
    """The same algorithm and spelling of hashes; a guess costs a thousandth."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1

"""Verifies Argon2id hashes like the library does, but in the calling thread only.

The number of lanes is part of a hash; the number of threads that fill them is not. The library starts a thread for each
lane, twelve times over. Several threads at low priority slow down threads at normal priority; a single one hardly does
(measured on Linux 6.18).
"""

import hmac
from base64 import b64decode
from typing import Final

from argon2 import Parameters, extract_parameters
from argon2.exceptions import VerificationError
from argon2.low_level import core, error_to_str, ffi

_OK: Final = 0


def is_hash_of(stored: str, text: bytes) -> bool:
    """Whether `stored`, in the library's format, is a hash of `text`. Takes the same time for True and False.

    Raises ValueError if `stored` is not a hash, VerificationError if the hash cannot be computed.
    """
    parameters = extract_parameters(stored)
    salt, kept = (b64decode(f"{part}==") for part in stored.split("$")[-2:])
    return hmac.compare_digest(_compute(parameters, salt, text), kept)


def _compute(parameters: Parameters, salt: bytes, text: bytes) -> bytes:
    out, pwd, salted = (ffi.new("uint8_t[]", given) for given in (parameters.hash_len, text, salt))
    asked = {
        "out": out,
        "outlen": parameters.hash_len,
        "pwd": pwd,
        "pwdlen": len(text),
        "salt": salted,
        "saltlen": len(salt),
        "version": parameters.version,
        "t_cost": parameters.time_cost,
        "m_cost": parameters.memory_cost,
        "lanes": parameters.parallelism,
        "threads": 1,
    }
    code = core(ffi.new("argon2_context *", asked), parameters.type.value)
    if code != _OK:
        raise VerificationError(error_to_str(code))
    return bytes(ffi.buffer(out))

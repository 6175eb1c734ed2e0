"""Keys, names and contents as the kernel makes them: published vectors, and values that a kernel wrote."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from carving.errors import UnsupportedEncryptionError, UsageError
from carving.fscrypt.contexts import EncryptionContext, FscryptFlag, parse_context
from carving.fscrypt.file_names import decrypt_cts, decrypt_name, encrypt_cts
from carving.fscrypt.keyring import FileIdentity, Keyring, unsupported
from carving.fscrypt.master_keys import MasterKey, parse_master_key
from carving.fscrypt.siphash import siphash_of_numbers
from tests.carving.fscrypt import reference

KERNEL_KEY = bytes.fromhex(
    "3ca33472d7fbe17a0129389332e605fba06bcb80b2b6c027ae2d9593ea489e0c"
    "bcbaecd82eccff3bd9fbcb84d7f50c72421934dbf048f6753ee9f080cd9df5cd"
)
KERNEL_IDENTIFIER = "b1bbd17fe24759710851c52708fcaf71"
"""What Linux 6.1 answered to FS_IOC_ADD_ENCRYPTION_KEY."""

RFC_3962_KEY = b"chicken teriyaki"
RFC_3962 = (
    (b"I would like the ", "c6353568f2bf8cb4d8a580362da7ff7f97"),
    (b"I would like the General Gau's ", "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
    (b"I would like the General Gau's C", "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
)


def test_the_identifier_is_the_kernels() -> None:
    assert MasterKey(KERNEL_KEY).identifier.hex() == KERNEL_IDENTIFIER
    assert reference.identifier(KERNEL_KEY).hex() == KERNEL_IDENTIFIER


def test_siphash_is_that_of_its_authors() -> None:
    numbers = np.array([0x0706050403020100, 4711], dtype=np.uint64)
    hashes = siphash_of_numbers(numbers, bytes(range(16))).tolist()
    assert hashes[0] == 0x93F5F5799A932462
    assert hashes[1] == reference.siphash((4711).to_bytes(8, "little"), bytes(range(16)))
    assert reference.siphash(bytes(range(8)), bytes(range(16))) == 0x93F5F5799A932462


@pytest.mark.parametrize(("plain", "stored"), RFC_3962)
def test_names_are_cts_of_rfc_3962(plain: bytes, stored: str) -> None:
    assert encrypt_cts(plain, RFC_3962_KEY, bytes(16)).hex() == stored
    assert decrypt_cts(bytes.fromhex(stored), RFC_3962_KEY, bytes(16)) == plain


@pytest.mark.parametrize("name", [b"a", b"sixteen bytes...", b"IMG_20261130_120000.jpg", bytes(range(48, 48 + 100))])
def test_names_come_back_without_their_padding(name: bytes) -> None:
    padded = name.ljust(-(-max(len(name), 16) // 32) * 32, b"\0")
    stored = encrypt_cts(padded, bytes(range(32)), bytes(16))
    assert decrypt_name(stored, bytes(range(32)), bytes(16)) == name
    assert decrypt_name(stored, bytes(range(1, 33)), bytes(16)) != name


def test_what_is_no_name_is_none() -> None:
    key, iv = bytes(32), bytes(16)
    assert decrypt_name(b"short", key, iv) is None
    assert decrypt_name(encrypt_cts(b"a/b".ljust(16, b"\0"), key, iv), key, iv) is None
    assert decrypt_name(encrypt_cts(b"a\0b".ljust(16, b"\0"), key, iv), key, iv) is None


@pytest.mark.parametrize("inode", [12, 0xFFFFFFFF])
@pytest.mark.parametrize("modes", [(1, 4), (5, 6)])
@pytest.mark.parametrize(("version", "flags"), [(1, 0), (2, 0), (2, reference.LBLK_64), (2, reference.LBLK_32)])
def test_contents_decrypt(version: int, modes: tuple[int, int], flags: int, inode: int) -> None:
    master, uuid = hashlib.sha512(b"master").digest(), bytes(range(16))
    named = bytes(8) if version == 1 else reference.identifier(master)
    stored_context = reference.context(version, flags, named, bytes(range(100, 116)), modes)
    plain = np.random.default_rng(1).bytes(3 * reference.UNIT)
    stored = reference.encrypt_contents(plain, stored_context, master, uuid, inode)
    context = parse_context(stored_context)
    assert context is not None
    key = Keyring((MasterKey(master, descriptor=named if version == 1 else None),)).content_key(
        FileIdentity(context, inode, uuid)
    )
    assert key is not None
    units = np.frombuffer(stored, np.uint8).reshape(-1, reference.UNIT)
    assert key.cipher.decrypt(units, key.ivs(0, 3)).tobytes() == plain
    assert key.cipher.decrypt(units[2:], key.ivs(2, 1)).tobytes() == plain[2 * reference.UNIT :]
    assert key.cipher.encrypt(np.frombuffer(plain, np.uint8).reshape(3, -1), key.ivs(0, 3)).tobytes() == stored


def test_contexts_that_are_none() -> None:
    sound = reference.context(2, 0, bytes(16), bytes(16))
    assert parse_context(sound) is not None
    for data in (b"", b"\2", sound[:-1], sound + b"\0", b"\3" + sound[1:], sound[:4] + b"\x20" + sound[5:]):
        assert parse_context(data) is None


def test_ciphers_that_are_not_read_are_named() -> None:
    def context(contents: int, flags: int) -> EncryptionContext:
        return EncryptionContext(2, contents, 9, FscryptFlag(flags), 0, bytes(16), bytes(16))

    assert unsupported(context(1, 8)) is None
    assert unsupported(context(9, 4)) == "contents encrypted with Adiantum"
    assert unsupported(context(77, 0)) == "contents encrypted with cipher 77"
    assert unsupported(context(1, 4)) == "contents encrypted with AES-256-XTS under DIRECT_KEY"


def test_keys_as_they_are_given(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "raw").write_bytes(KERNEL_KEY)
    (folder / "hex").write_text(KERNEL_KEY.hex() + "\n")
    for text in (KERNEL_KEY.hex(), f"file:{folder / 'raw'}", f"file:{folder / 'hex'}"):
        key = parse_master_key(text, "the key")
        assert (key.key, key.descriptor) == (KERNEL_KEY, None)
    named = parse_master_key(f"0123456789abcdef:file:{folder / 'raw'}", "the key")
    assert (named.key, named.descriptor) == (KERNEL_KEY, bytes.fromhex("0123456789abcdef"))
    assert KERNEL_KEY.hex() not in repr(named)
    with pytest.raises(UsageError, match="hexadecimal") as error:
        parse_master_key("0123456789abcdef:nothing", "the key")
    assert "nothing" not in str(error.value)


def test_a_wrapped_key_is_explained(tmp_path: Path) -> None:
    blob = tmp_path / "keymaster_key_blob"
    blob.write_bytes(hashlib.shake_128(b"blob").digest(181))
    with pytest.raises(UnsupportedEncryptionError, match=r"181 bytes.*hardware"):
        parse_master_key(f"file:{blob}", "the key")

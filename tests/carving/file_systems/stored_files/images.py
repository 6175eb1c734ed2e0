"""File systems with photos in many pieces, made by the tools of their keepers."""

from __future__ import annotations

from pathlib import Path

from tests.carving.conftest import run_tool
from tests.carving.memory import camera_jpeg

PHOTOS = {f"IMG_{number:04}.JPG": camera_jpeg(number) for number in range(1, 4)}
"""Photos of about 80 KiB, the last of which is deleted on every file system."""
KEPT, DELETED = ("IMG_0001.JPG", "IMG_0002.JPG"), "IMG_0003.JPG"
_BLOCK = 1024


def filling(number: int) -> bytes:
    """12 KiB of text that no carver takes for a picture."""
    return (f"file {number} holds words and nothing else. ".encode() * 400)[: 12 << 10]


def ext_in_pieces(folder: Path, kind: str, *options: str) -> Path:
    """An ext file system whose photos lie in the holes that other files left."""
    content, volume = folder / "content", folder / "ext.dd"
    (content / "fill").mkdir(parents=True)
    (content / "DCIM").mkdir()
    for number in range(120):
        (content / "fill" / f"f{number}").write_bytes(filling(number))
    run_tool("mke2fs", "-q", "-t", kind, "-b", str(_BLOCK), *options, "-d", str(content), str(volume), "6M")
    debugfs(volume, *(f"rm /fill/f{number}" for number in range(0, 120, 2)))
    for name, photo in PHOTOS.items():
        (folder / name).write_bytes(photo)
    debugfs(volume, *(f"write {folder / name} /DCIM/{name}" for name in PHOTOS))
    return volume


def debugfs(volume: Path, *commands: str) -> str:
    """Run commands of debugfs; what it printed."""
    script = volume.with_suffix(".commands")
    script.write_text("".join(f"{command}\n" for command in commands))
    return run_tool("debugfs", "-w", "-f", str(script), str(volume))


def delete_as_the_kernel_does(volume: Path, name: str) -> None:
    """Delete a file of /DCIM as ext3 and ext4 do.

    The inode and the block that leads to its pieces are emptied; the journal holds a transaction with both, and with
    the folder, as they were before.
    """
    told = debugfs(volume, f"stat /DCIM/{name}")
    number = int(told.split("Inode: ")[1].split()[0])
    leading = next(_block(told, mark) for mark in ("(ETB0):", "(IND):") if mark in told)
    table = int(debugfs(volume, f"imap <{number}>").split("located at block ")[1].split(",")[0])
    listing = _block(debugfs(volume, "stat /DCIM"), "(0):")
    data, copies = volume.read_bytes(), volume.with_suffix(".copies")
    blocks = (table, leading, listing)
    copies.write_bytes(b"".join(data[block * _BLOCK : (block + 1) * _BLOCK] for block in blocks))
    debugfs(volume, f"rm /DCIM/{name}", f"clri <{number}>")
    named = ",".join(map(str, blocks))
    debugfs(volume, "journal_open", f"journal_write -b {named} {copies}", "journal_close")
    with volume.open("r+b") as file:
        file.seek(leading * _BLOCK)
        file.write(bytes(_BLOCK))


def _block(told: str, mark: str) -> int:
    return int(told.split(mark)[1].split(",", maxsplit=1)[0].split(maxsplit=1)[0])


def fat_in_pieces(folder: Path, bits: int) -> Path:
    """A FAT file system whose photos lie in the holes that other files left; the last photo is deleted."""
    volume = folder / "fat.dd"
    size = {12: 2, 16: 16, 32: 40}[bits]
    volume.write_bytes(bytes(size << 20))
    run_tool("mkfs.vfat", "-F", str(bits), "-s", "1", str(volume))
    fill, files = folder / "fill", folder / "DCIM"
    for made in (fill, files):
        made.mkdir()
    names = [f"f{number}" for number in range(60)]
    listing = run_tool("mdir", "-i", str(volume), "::/").partition(" bytes free")[0]
    free = int(listing.rpartition("\n")[2].replace(" ", ""))
    big = folder / "big"
    big.write_bytes(bytes(free - len(names) * len(filling(0)) - 8192))
    run_tool("mcopy", "-i", str(volume), str(big), "::/BIG")
    for number, name in enumerate(names):
        (fill / name).write_bytes(filling(number))
    run_tool("mcopy", "-i", str(volume), *(str(fill / name) for name in names), "::/")
    run_tool("mdel", "-i", str(volume), *(f"::/{name}" for name in names[::2]))
    run_tool("mmd", "-i", str(volume), "::/DCIM")
    for name, photo in PHOTOS.items():
        (files / name).write_bytes(photo)
        run_tool("mcopy", "-i", str(volume), str(files / name), f"::/DCIM/{name}")
    run_tool("mdel", "-i", str(volume), f"::/DCIM/{DELETED}")
    return volume


def ntfs_with_photos(folder: Path) -> Path:
    """An NTFS file system with the photos in its root, the last one deleted: its record is marked as unused."""
    volume = folder / "ntfs.dd"
    volume.write_bytes(bytes(8 << 20))
    run_tool("mkntfs", "-F", "-q", "-s", "512", "-p", "0", "-H", "0", "-S", "0", str(volume))
    for name, photo in PHOTOS.items():
        (folder / name).write_bytes(photo)
        run_tool("ntfscp", "-f", str(volume), str(folder / name), name)
    data = bytearray(volume.read_bytes())
    record = _record_of(data, DELETED)
    data[record + 22] &= 0xFE
    volume.write_bytes(data)
    return volume


def _record_of(data: bytearray, name: str) -> int:
    """Where the record of a file begins on NTFS."""
    encoded = name.encode("utf-16-le")
    place = data.find(encoded)
    while place >= 0:
        record = place // 1024 * 1024
        if data[record : record + 4] == b"FILE":
            return record
        place = data.find(encoded, place + 1)
    raise AssertionError(f"{name} is in no record")


def exfat_in_pieces(folder: Path) -> Path:
    """An exFAT file system whose photos lie in pieces of three clusters, two clusters apart; the last is deleted."""
    volume = folder / "exfat.dd"
    volume.write_bytes(bytes(4 << 20))
    run_tool("mkfs.exfat", "-c", "4K", str(volume))
    data = bytearray(volume.read_bytes())
    sector = 1 << data[108]
    cluster = sector << data[109]
    fat, heap = (int.from_bytes(data[at : at + 4], "little") * sector for at in (80, 88))
    root = heap + (int.from_bytes(data[96:100], "little") - 2) * cluster
    bitmap = next(at for at in range(root, root + cluster, 32) if data[at] == 0x81)
    bits = heap + (int.from_bytes(data[bitmap + 20 : bitmap + 24], "little") - 2) * cluster
    at = next(at for at in range(root, root + cluster, 32) if data[at] == 0)
    following = 40
    for name, photo in PHOTOS.items():
        count = -(-len(photo) // cluster)
        chain = [following + number // 3 * 5 + number % 3 for number in range(count)]
        following = chain[-1] + 3
        for number, own in enumerate(chain):
            behind = chain[number + 1] if number + 1 < count else 0xFFFFFFFF
            data[heap + (own - 2) * cluster : heap + (own - 1) * cluster] = photo[
                number * cluster : (number + 1) * cluster
            ].ljust(cluster, b"\0")
            if name != DELETED:
                data[fat + 4 * own : fat + 4 * own + 4] = behind.to_bytes(4, "little")
                data[bits + (own - 2) // 8] |= 1 << (own - 2) % 8
        if name == DELETED:  # what lies between its pieces is in use, so the free clusters are its own
            for own in range(chain[0], chain[-1]):
                if own not in chain:
                    data[bits + (own - 2) // 8] |= 1 << (own - 2) % 8
        entries = _entry_set(name, len(photo), chain[0], deleted=name == DELETED)
        data[at : at + len(entries)] = entries
        at += len(entries)
    volume.write_bytes(data)
    return volume


def _entry_set(name: str, size: int, first: int, *, deleted: bool) -> bytes:
    """The directory entries of a file (exFAT file system specification, section 7.4)."""
    names = name.encode("utf-16-le")
    parts = [names[start : start + 30].ljust(30, b"\0") for start in range(0, len(names), 30)]
    file = bytearray(32)
    file[0:2] = bytes((0x85, 1 + len(parts)))
    file[4:6] = (0x20).to_bytes(2, "little")
    file[8:20] = 3 * ((2026 - 1980) << 25 | 11 << 21 | 30 << 16 | 9 << 11).to_bytes(4, "little")
    stream = bytearray(32)
    stream[0:4] = bytes((0xC0, 1, 0, len(name)))
    stream[8:16] = stream[24:32] = size.to_bytes(8, "little")
    stream[20:24] = first.to_bytes(4, "little")
    entries = bytearray(bytes(file) + bytes(stream) + b"".join(b"\xc1\0" + part for part in parts))
    checksum = 0
    for index, value in enumerate(entries):
        if index not in (2, 3):
            checksum = ((checksum << 15 | checksum >> 1) + value) & 0xFFFF
    entries[2:4] = checksum.to_bytes(2, "little")
    if deleted:
        for start in range(0, len(entries), 32):
            entries[start] &= 0x7F
    return bytes(entries)

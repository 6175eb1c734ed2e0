"""The paths of encrypted files, as far as keys make their names readable."""

from __future__ import annotations

from carving.file_systems.f2fs.records import name_text
from carving.fscrypt.finding.encrypted_volume import EncryptedName, EncryptedVolume, NodeKind
from carving.fscrypt.keyring import FileIdentity, Keyring


class ReadableNames:
    """Paths in one file system.

    Attributes:
        paths: of encrypted files and folders in force, by the volume's first byte and their inode.
        old_paths: of older ones, by the volume's first byte and the place of the structure that tells them.
    """

    def __init__(self, volume: EncryptedVolume, keyring: Keyring) -> None:
        self._keyring = keyring
        self._folders = {
            node.inode: FileIdentity(node.context, node.inode, volume.uuid)
            for node in sorted(volume.nodes, key=lambda node: not node.deleted)
            if node.kind is NodeKind.FOLDER and node.context is not None
        }
        self._known: dict[int, str] = {volume.root: ""}
        encrypted = {node.inode for node in volume.nodes}
        self.paths: dict[tuple[int, int], str] = {}
        self.old_paths: dict[tuple[int, int], str] = {}
        for name in volume.names:
            path = self._path(name)
            if path is None:
                continue
            if name.is_folder:
                self._known.setdefault(name.inode, path)
            if name.inode in encrypted:
                self.paths.setdefault((volume.start, name.inode), path)
        for place, name in volume.old_names.items():
            if (path := self._path(name)) is not None:
                self.old_paths[(volume.start, place)] = path

    def _path(self, name: EncryptedName) -> str | None:
        """The path of a name; None where its folder was not reached."""
        above = self._known.get(name.folder)
        if above is None:
            return None
        folder = self._folders.get(name.folder)
        opened = None if folder is None else self._keyring.name(name.stored, folder)
        return f"{above}/{name_text(name.stored if opened is None else opened)}"

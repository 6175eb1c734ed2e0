"""From an inode to the record of a file."""

from __future__ import annotations

from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.inode import Advice, F2fsKind, Inode
from carving.file_systems.f2fs.mapping import inline_content, map_inode
from carving.file_systems.f2fs.nodes import NodeView
from carving.file_systems.f2fs.records import F2fsFile, F2fsRun, F2fsState, name_text
from carving.file_systems.f2fs.volume import F2fsVolume
from carving.file_systems.f2fs.xattr import encryption_context


def describe(
    inode: Inode,
    view: NodeView,
    volume: F2fsVolume,
    findings: F2fsFindings,
    *,
    state: F2fsState,
    path: str,
    name: bytes,
    parent: int,
    first_path: str | None = None,
    in_earlier_checkpoint: bool = False,
) -> F2fsFile:
    """Everything about one file. `findings` are those of this file so far; runs of special files are empty.

    Raises:
        EvidenceError: a node of the file cannot be read.
    """
    runs: tuple[F2fsRun, ...] = ()
    if first_path is None and inode.kind is not F2fsKind.SPECIAL:
        runs = map_inode(inode, view, volume, findings)
    encrypted = bool(inode.advice & Advice.ENCRYPTED)
    context = encryption_context(inode, view, findings) if encrypted or findings.all else None
    encrypted = encrypted or context is not None  # where the head is damaged
    if encrypted and context is None:
        findings.add(f"inode {inode.number}", None, "encrypted, and without the context of its encryption")
    created, modified, accessed, changed = inode.times
    return F2fsFile(
        inode=inode.number,
        path=path,
        name=name,
        parent=parent,
        first_path=first_path,
        kind=inode.kind,
        state=state,
        mode=inode.mode,
        links=inode.links,
        size=inode.size,
        created=created,
        modified=modified,
        accessed=accessed,
        changed=changed,
        generation=inode.generation,
        encrypted=encrypted,
        compressed=inode.compressed,
        context=context,
        runs=runs,
        inline=inline_content(inode),
        node_offset=volume.blocks.place(inode.block),
        version=inode.footer.version,
        preferred=True,
        in_earlier_checkpoint=in_earlier_checkpoint,
        overwritten=0,
        findings=findings.all,
    )


def joined(folder: str, name: bytes) -> str:
    """The path of a name in a folder."""
    return f"{folder.rstrip('/')}/{name_text(name)}"

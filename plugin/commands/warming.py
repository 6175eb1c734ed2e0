"""What an examiner sees while the kernels compile on the first run after installation."""

from __future__ import annotations


def compile_kernels(*, quiet: bool) -> None:
    """Compile the kernels if they are not compiled yet, saying so on stderr."""
    from restore.warming import is_cold, warm_up

    if not is_cold():
        return
    if quiet:
        warm_up(lambda _name, _number, _count: None)
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("first run: compiling (this happens once)") as status:
        warm_up(lambda name, number, count: status.update(f"first run: compiling {name} ({number}/{count})"))

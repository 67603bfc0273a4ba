"""Places where a database cannot be: a disk that is full, a folder that belongs to somebody else."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def small_disk(kilobytes: int) -> Iterator[Path | None]:
    """A disk of this size, or None where we may not mount one (not root, or in a closed container)."""
    folder = Path(tempfile.mkdtemp(prefix="porchlight-disk-"))
    options = f"size={kilobytes}k,mode=0700"
    mount = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    is_mounted = os.geteuid() == 0 and shutil.which("mount") and subprocess.run(mount, check=False).returncode == 0
    try:
        yield folder if is_mounted else None
    finally:
        if is_mounted:
            subprocess.run(("umount", str(folder)), check=True)
        folder.rmdir()


def fill(disk: Path) -> None:
    """Write the file `ballast` until nothing more goes onto this disk."""
    with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4_096)):
            pass


@contextlib.contextmanager
def nobody_special() -> Iterator[None]:
    """Without root's right to write everywhere, inside this block. The files of the test must be open to all."""
    if os.geteuid() != 0:
        yield
        return
    user, group = os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    os.setegid(nobody.pw_gid)
    os.seteuid(nobody.pw_uid)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter (pytest's own may only be entered by its owner)."""
    folder = Path(tempfile.mkdtemp(prefix="porchlight-open-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)

"""A full disk: a small file system of its own, mounted where nobody else sees it."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store import StoreError, open_database
from store.drivers.disk_space import require_space

ROOT = Path(__file__).parents[3]
MOUNT = "mount -t tmpfs -o size=8m none {folder} && exec {python} -m tests.store.drivers.test_disk_space {folder}"


def test_a_full_disk_is_not_ready_and_one_with_space_again_is(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    command = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*command, f"mount -t tmpfs none {tmp_path}"], capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    script = MOUNT.format(folder=tmp_path, python=sys.executable)
    done = subprocess.run([*command, script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.splitlines() == ["ready", "full", "ready"], done.stderr


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "free some space"), (errno.EDQUOT, "free some space"), (errno.EROFS, "write its folder")],
)
def test_a_file_that_cannot_grow_is_reported_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(StoreError, match=remedy):
        require_space(tmp_path / "billchat.db")
    assert list(tmp_path.iterdir()) == []


async def main(folder: Path) -> None:
    """Report on a database in the folder: at first, on the full disk, and with space again."""
    database = open_database(f"sqlite:///{folder / 'billchat.db'}")
    await database.migrate()

    async def report() -> None:
        try:
            await database.ready()
        except StoreError as error:
            found = "full" if "disk is full; free some space" in str(error) else str(error)
        else:
            found = "ready"
        sys.stdout.write(f"{found}\n")

    await report()
    with (folder / "filler").open("wb") as filler:
        free = os.statvfs(folder)
        filler.write(bytes(free.f_bavail * free.f_frsize))
    await report()
    (folder / "filler").unlink()
    await report()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

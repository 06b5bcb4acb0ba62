"""Secrets that come from files: each readable by its owner or group alone, never by everybody.

``MIDJOURNEY_TOKEN_FILE`` names the file that holds ``MIDJOURNEY_TOKEN``, and so on for each secret. A service manager can
also hand over a whole folder: systemd names it in ``CREDENTIALS_DIRECTORY``, and in it a file ``MIDJOURNEY_TOKEN`` holds
that secret. The line break at the end of a file does not count.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from bot.errors import InvalidSetting

FILE_ENDING: Final = "_FILE"
"""What the name of a variable ends with that names a file, in place of a secret."""

FOLDER: Final = "CREDENTIALS_DIRECTORY"
"""The variable with the folder of credentials, as systemd sets it (systemd.exec, LoadCredential)."""

_SIZE_LIMIT_BYTES: Final = 64 * 1024


def of_variables(names: Iterable[str], variables: Mapping[str, str]) -> dict[str, str]:
    """Give the secrets among ``names`` whose file is named in ``variables``.

    Raises:
        InvalidSetting: a secret is given twice, or its file is missing, empty or open to everybody.
    """
    found = {}
    for name in names:
        file = variables.get(name + FILE_ENDING, "")
        if not file:
            continue
        if variables.get(name):
            raise InvalidSetting(f"{name} and {name}{FILE_ENDING} are both set. Unset one of them.")
        found[name] = _read(at_home(Path(file), name + FILE_ENDING), name + FILE_ENDING)
    return found


def of_folder(names: Iterable[str], folder: Path) -> dict[str, str]:
    """Give the secrets among ``names`` that have a file of that name in ``folder``.

    Raises:
        InvalidSetting: one is empty, cannot be read, or is open to everybody; or the folder cannot be looked into.
    """
    try:
        present = [name for name in names if (folder / name).exists()]
    except OSError as error:
        raise InvalidSetting(f"{FOLDER}: {folder} cannot be read ({error.strerror}). Check its owner.") from None
    return {name: _read(folder / name, name) for name in present}


def need_private(path: Path, name: str) -> None:
    """Refuse a file that everybody on the machine can read; ``name`` is what it is known by.

    Raises:
        InvalidSetting: it is; the text says how to close it.
    """
    if path.stat().st_mode & stat.S_IROTH:
        raise InvalidSetting(f"{name}: everybody on this machine can read {path}. Close it with: chmod o= {path}")


def at_home(path: Path, name: str) -> Path:
    """Read ``~`` as a shell does, which has not seen what stands in a file; ``name`` is the setting with the path.

    Raises:
        InvalidSetting: nobody knows that home folder.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise InvalidSetting(f"{name}: the home folder in {path} is not known. Set it to the whole path.") from None


def _need_file(path: Path, name: str) -> None:
    """Refuse what is no file: to close a device or a folder to others would harm the whole machine."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):  # a shell hands over what a command prints as a pipe
        raise InvalidSetting(f"{name}: {path} is no file. Name the one with the secret, or unset the setting.")


def _read(path: Path, name: str) -> str:
    try:
        _need_file(path, name)
        need_private(path, name)
        with path.open(encoding="utf-8") as file:
            text = file.read(_SIZE_LIMIT_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidSetting(f"{name}: {path} cannot be read ({reason}). Check the path and its owner.") from None
    if not text:
        raise InvalidSetting(f"{name}: {path} is empty. Write the secret into it, or unset the setting.")
    return text

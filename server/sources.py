"""Where settings come from: flags, then `PORCHLIGHT_*` in the environment, then a TOML file.

A name nobody knows, or a value of another kind, is refused by name.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from server.checks import checked
from server.settings import Settings, SettingsError

PREFIX: Final = "PORCHLIGHT_"


def load(flags: Mapping[str, object], environ: Mapping[str, str] | None = None, config: Path | None = None) -> Settings:
    """The settings in force. `flags` wins over the environment, that over the file, that over the defaults.

    The file is `config`, or `porchlight.toml` in the data folder where there is one. Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    from_flags = {name: value for name, value in flags.items() if value is not None}
    from_environ = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(PREFIX) and not key.startswith((PREFIX + "AGENT_", PREFIX + "SIM_"))
    }
    named = from_environ.pop("config", "")
    config_path = config or (Path(named) if named else None)
    data_dir = Path(str(from_flags.get("data_dir") or from_environ.get("data_dir") or "porchlight-data"))
    from_file = _read(config_path or data_dir / "porchlight.toml", must_exist=config_path is not None)
    chosen: dict[str, Any] = {}
    for source, values in (("file", from_file), ("environment", from_environ), ("flags", from_flags)):
        for name, value in values.items():
            chosen[name] = _typed(name, value, source)
    return checked(Settings(**chosen))


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        text = path.read_text()
        import tomllib  # only where there is a file

        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise SettingsError(f"config: there is no file {path}") from None
        return {}
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are
        raise SettingsError(f"config: {path} cannot be read: {error}") from None


def _typed(name: str, value: object, source: str) -> object:
    """The value as the setting's own type; text from the environment is parsed."""
    known = {each.name: each for each in fields(Settings)}
    if name not in known:
        raise _unknown(name, source, list(known))
    default = known[name].default
    if isinstance(default, bool):
        return _typed_bool(name, value)
    if isinstance(default, int):
        try:
            return int(str(value))
        except ValueError:
            raise SettingsError(f"{name}: write a whole number, not {value!r}") from None
    if isinstance(default, tuple):
        return (
            tuple(str(value).replace(",", " ").split())
            if isinstance(value, str)
            else tuple(map(str, _list(name, value)))
        )
    if known[name].metadata.get("tables"):
        if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
            raise SettingsError(f"{name}: write TOML tables, such as [{name}.google]")
        return value
    if default is MISSING:
        if not isinstance(value, dict) or not all(isinstance(sentence, str) for sentence in value.values()):
            raise SettingsError(f"{name}: write a TOML table of texts")
        return value
    return Path(str(value)) if isinstance(default, Path) else str(value)


def _typed_bool(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(value).lower() not in words:
        raise SettingsError(f"{name}: write true or false, not {value!r}")
    return words[str(value).lower()]


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise SettingsError(f"{name}: write a list")
    return list(value)


def _unknown(name: str, source: str, known: list[str]) -> SettingsError:
    import difflib  # only for a mistake: a server in order does not carry it

    meant = difflib.get_close_matches(name, known, 1)
    shown, *better = (f"{PREFIX}{each.upper()}" if source == "environment" else each for each in (name, *meant))
    hint = f"did you mean {better[0]}?" if better else "porchlight serve --help lists them all"
    return SettingsError(f"{shown}: there is no such setting; {hint}")

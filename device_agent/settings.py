"""Flags, environment and TOML file -> one Settings; the table SETTINGS is all there is to know about them."""

import os

from device_agent.exits import USAGE, Failure

ENVIRONMENT = "PORCHLIGHT_AGENT_"

# name, kind, default, help. A kind in the form a|b|c is a choice.
SETTINGS: tuple[tuple[str, str, object, str], ...] = (
    ("server", "URL", "", "the sign-in server, as its operator gives it (the issuer)"),
    ("api", "URL", "", "login: find the sign-in server by the address of the API (RFC 9728), in place of --server"),
    ("client-id", "ID", "porchlight-tv", "how this kind of device is registered there"),
    ("scope", "SCOPES", "", "what to ask for, such as 'profile readings:write'; default: all the client may have"),
    ("max-age", "SECONDS", "", "login: the person must have signed in on the phone within so many seconds; 0: anew"),
    ("acr", "VALUES", "", "login: how well the person must sign in, as the API says it (acr_values)"),
    ("device-name", "NAME", "", "what the phone shows this device calls itself, at most 32 characters"),
    ("state-dir", "DIR", "", "where the sign-in is kept; default: ~/.local/state/porchlight-agent"),
    ("timeout", "TIME", 0, "give up after this long, such as 90s or 15m; login: when the last code ends, call: 15s"),
    ("renewals", "0|1|2|3", "3", "how often a code that nobody uses is replaced before somebody must press a key"),
    ("ca-file", "FILE", "", "trust these certificates (PEM) instead of the system's"),
    ("insecure-http", "flag", False, "for development: allow http:// to loopback and private networks"),
    ("key", "auto|on|off", "auto", "bind the sign-in to a key of this device; on: do not sign in without"),
    (
        "display",
        "LIST",
        "auto",
        "where to show the code, several with commas or by repeating the flag: auto, terminal, lines, json,"
        " line[:FILE], kiosk[:PORT], picture:FILE, speak",
    ),
    ("open-kiosk", "flag", False, "show the kiosk page in Chromium, all over the screen"),
    ("locale", "TAG", "", "the language of the display, such as en; default: that of the environment (LANG)"),
    ("json", "flag", False, "events as JSON, one a line, on standard output"),
    ("qr", "auto|full|half|off", "auto", "how to draw the QR code in a terminal"),
    ("no-color", "flag", False, "no colours but the QR code's own black and white (NO_COLOR does the same)"),
    ("copy", "flag", False, "put the address into the clipboard"),
    ("open", "flag", False, "open the address in this machine's browser"),
    ("note", "TEXT", "", "a line to show with the code, such as whom to ask for an account"),
    ("http", "flag", False, "call over HTTP instead of MQTT"),
    ("config", "FILE", "", "read settings from this TOML file; its keys are the names above"),
)
_UNITS = (("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000))


class Settings:
    """What the user wants. Durations are milliseconds, 0 for the command's own default."""

    def __init__(self, values: dict[str, object]) -> None:
        self.server = str(values["server"])
        self.api = str(values["api"])
        self.demands = tuple(
            (parameter, str(values[name]))
            for name, parameter in (("max-age", "max_age"), ("acr", "acr_values"))
            if values[name]
        )
        self.client_id = str(values["client-id"])
        self.scope = str(values["scope"])
        self.device_name = str(values["device-name"])
        self.state_dir = str(values["state-dir"]) or _state_dir()
        self.timeout_for = int(str(values["timeout"]))
        self.ca_file = str(values["ca-file"])
        self.is_http_allowed = values["insecure-http"] is True
        self.key = str(values["key"])
        self.is_json = values["json"] is True
        self.qr = str(values["qr"])
        self.is_colorless = values["no-color"] is True or bool(os.environ.get("NO_COLOR"))
        self.is_copied = values["copy"] is True
        self.is_opened = values["open"] is True and os.environ.get("CI") != "true"
        self.note = str(values["note"])
        self.is_over_http = values["http"] is True
        self.renewals = int(str(values["renewals"]))
        self.displays = _displays(str(values["display"]))
        self.is_browser_opened = values["open-kiosk"] is True
        if self.is_browser_opened and "kiosk" not in [name for name, _ in self.displays]:
            self.displays += (("kiosk", ""),)
        self.locale = str(values["locale"])


def read_settings(arguments: list[str], environment: dict[str, str]) -> tuple[Settings, list[str]]:
    """The settings, and the words that are no flags. Flags win over the environment, that over the file.

    Raises Failure(USAGE) that names the setting and where it came from.
    """
    flags, words = _from_flags(arguments)
    environ = _from_environment(environment)
    path = str(flags.get("config", environ.get("config", "")))
    values = {name: default for name, _, default, _ in SETTINGS}
    values.update(_from_file(path) if path else {})
    values.update(environ)
    values.update(flags)
    if len(str(values["device-name"])) > 32:
        raise _wrong("--device-name is longer than 32 characters", "Shorten it.")
    return Settings(values), words


def _from_flags(arguments: list[str]) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {}
    words: list[str] = []
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--":
            return values, words + left
        if not argument.startswith("--"):
            words.append(argument)
            continue
        name, equals, value = argument[2:].partition("=")
        kind = _kind_of(name)
        if kind == "flag" and not equals:
            values[name] = True
        elif not kind and _kind_of(name.removeprefix("no-")) == "flag" and not equals:
            values[name.removeprefix("no-")] = False
        elif not kind:
            raise _wrong(f"--{name} is no flag of porchlight-agent", "Run porchlight-agent --help for the list.")
        else:
            if not equals:
                if not left or left[0].startswith("--"):
                    raise _wrong(f"--{name} needs a value ({kind})", f"Write --{name}={kind}.")
                value = left.pop(0)
            if kind == "LIST" and name in values:
                value = f"{values[name]},{value}"
            values[name] = _parse(name, kind, value, f"--{name}")
    return values, words


def _from_environment(environment: dict[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT) and value:
            name = variable[len(ENVIRONMENT) :].lower().replace("_", "-")
            if not _kind_of(name):
                raise _wrong(f"{variable} is no setting of porchlight-agent", "Unset it, or correct its name.")
            values[name] = _parse(name, _kind_of(name), value, variable)
    return values


def _from_file(path: str) -> dict[str, object]:
    import tomllib  # only where a file is used: it costs a start 8 ms

    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise _wrong(f"the settings file {path} cannot be read: {error.strerror}", "Correct --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"the settings file {path} is not TOML: {error}", "Correct the file.") from None
    values: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if not _kind_of(name) or name == "config" or isinstance(value, (dict, list)):
            raise _wrong(f"{key} in {path} is no setting of porchlight-agent", "Correct or remove the line.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        values[name] = _parse(name, _kind_of(name), text, f"{key} in {path}")
    return values


def _kind_of(name: str) -> str:
    for known, kind, _, _ in SETTINGS:
        if known == name:
            return kind
    return ""


def _parse(name: str, kind: str, value: str, source: str) -> object:
    if kind == "flag":
        if value.lower() not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise _wrong(f"{source} is {value!r}", "Use true or false.")
        return value.lower() in ("1", "true", "yes", "on")
    if kind == "TIME":
        return _duration(value, source)
    if kind == "SECONDS" and not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise _wrong(f"{source} is {value!r}", "Write a whole number of seconds, such as 300.")
    if "|" in kind and value not in kind.split("|"):
        raise _wrong(f"{source} is {value!r}", f"Use one of {kind.replace('|', ', ')}.")
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value):
        raise _wrong(f"{source} holds a control character", "Remove it.")
    return value


def _duration(value: str, source: str) -> int:
    for unit, factor in _UNITS:
        number = value.removesuffix(unit)
        if number != value and number.isdecimal() and int(number) > 0:
            return int(number) * factor
    if value.isdecimal() and int(value) > 0:
        return int(value) * 1_000
    raise _wrong(f"{source} is {value!r}", "Write a time such as 90s, 15m or 1h.")


def _displays(value: str) -> tuple[tuple[str, str], ...]:
    parts = [each.strip().partition(":") for each in value.split(",") if each.strip()]
    return tuple((name, argument) for name, _, argument in parts)


def _state_dir() -> str:
    root = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(root, "porchlight-agent")


def _wrong(what: str, action: str) -> Failure:
    return Failure(USAGE, "usage", what[:1].upper() + what[1:] + ".", action)

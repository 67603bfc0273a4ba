"""docker-compose.yml holds together, as far as that can be known without an engine."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml

from device_agent.settings import read_settings
from firmware_sim.order import PASSWORD_VARIABLE
from firmware_sim.order import parser as sim_parser
from server.settings import SettingsError
from server.sources import PREFIX, load
from tests.containers import COMPOSE, ROOT, VARIABLE, Missing, compose, image_environment, last, services, stages
from tests.postgres import Cluster
from tests.words import operator_parser

SCHEMA = json.loads((ROOT / "tests/cases/compose_schema.json").read_text())

# Structure


def test_the_file_is_what_compose_reads() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(compose(), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("server", "restart"), "sometimes"),
        (("server", "ports"), ["8628"]),
        (("server", "helthcheck"), {}),
        (("server", "depends_on", "database", "condition"), "service_awake"),
        (("database", "healthcheck", "interval"), "5"),
    ],
)
def test_the_schema_notices_a_mistake(path: tuple[str, ...], value: object) -> None:
    content = compose()
    inner = content["services"]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)


def test_everything_a_service_refers_to_exists() -> None:
    content = compose()
    for service in content["services"].values():
        assert set(service.get("networks", ())) <= set(content["networks"])
        assert set(service.get("depends_on", ())) <= set(content["services"])
        assert service.get("network_mode", "service:server").removeprefix("service:") in content["services"]
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in content["volumes"]
        if "build" in service:
            assert (ROOT / service["build"]["context"]).is_dir()
            assert service["build"]["target"] in stages()
    used = {volume.partition(":")[0] for each in content["services"].values() for volume in each.get("volumes", ())}
    assert used == set(content["volumes"])


def test_the_agent_and_the_fleet_start_only_when_asked_for() -> None:
    assert {name: each.get("profiles") for name, each in services().items()} == {
        "database": None,
        "server": None,
        "agent": ["agent"],
        "sim": ["sim"],
    }


# Secrets and doors


def test_without_a_password_for_the_database_nothing_starts() -> None:
    with pytest.raises(Missing, match="POSTGRES_PASSWORD: set a password"):
        compose(POSTGRES_PASSWORD="")


def test_no_secret_is_written_down() -> None:
    for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable:
                assert VARIABLE.fullmatch(value), f"{variable} of {name}"


def test_every_service_is_locked_in() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service.get("user", "porchlight") != "root", name


def test_the_images_run_as_nobody_in_particular() -> None:
    for stage in ("server", "sim"):
        assert last(stage, "USER") == "porchlight"


def test_ports_are_open_to_this_machine_alone_until_told_otherwise() -> None:
    for service in services().values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert compose(BIND_ADDRESS="192.0.2.1")["services"]["server"]["ports"][0] == "192.0.2.1:8628:8628"


def test_the_database_cannot_be_reached_from_outside() -> None:
    content = compose()
    assert content["services"]["database"]["networks"] == ["inside"]
    assert "ports" not in content["services"]["database"]
    assert content["networks"]["inside"] == {"internal": True}


# Settings and commands


def test_the_servers_environment_is_settings_it_starts_with() -> None:
    settings = load({}, image_environment("server"))
    assert (settings.host, settings.port, settings.mqtt_port) == ("0.0.0.0", 8628, 1883)
    assert settings.issuer == "http://localhost:8628"
    assert settings.is_shared_storage


@pytest.mark.parametrize(
    "environ",
    [
        {"PORCHLIGHT_ISSUER": "https://tv.example.com", "PORCHLIGHT_TRUSTED_PROXIES": "172.18.0.1"},
        {"PORCHLIGHT_ISSUER": "http://192.168.1.20:8628", "PORCHLIGHT_INSECURE_HTTP": "true"},
        {"PORCHLIGHT_MQTT_PUBLIC_PORT": "8883", "PORCHLIGHT_MQTT_PUBLIC_TLS": "true"},
    ],
)
def test_what_the_papers_say_to_set_can_be_set(environ: dict[str, str]) -> None:
    load({}, {name: str(value) for name, value in compose(**environ)["services"]["server"]["environment"].items()})


def test_a_public_address_without_tls_is_refused() -> None:
    environ = compose(PORCHLIGHT_ISSUER="http://tv.example.com")["services"]["server"]["environment"]
    with pytest.raises(SettingsError, match="issuer"):
        load({}, {name: str(value) for name, value in environ.items()})


def test_the_agents_environment_is_settings_it_starts_with() -> None:
    settings, words = read_settings(services()["agent"]["command"], image_environment("agent"))
    assert words == ["run"]
    assert settings.server == "http://localhost:8628"
    assert settings.state_dir == services()["agent"]["volumes"][0].partition(":")[2]


def test_every_command_is_one_the_programs_know() -> None:
    operator_parser().parse_args(services()["server"]["command"])
    ordered = sim_parser().parse_args(services()["sim"]["command"])
    assert ordered.server == "http://localhost:8628"
    assert set(services()["sim"]["environment"]) == {PASSWORD_VARIABLE}


def test_every_image_starts_a_program_of_this_project() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    started = [json.loads(last(stage, "ENTRYPOINT"))[0] for stage in ("server", "sim")]
    started += [each["entrypoint"][0] for each in services().values() if "entrypoint" in each]
    started += [services()["agent"]["healthcheck"]["test"][1]]
    assert set(started) <= set(scripts)


def test_every_variable_is_explained_to_the_operator() -> None:
    papers = (ROOT / "docs/operations.md").read_text()
    for name in {found[0] for found in VARIABLE.findall(COMPOSE.read_text())}:
        assert f"`{name}`" in papers, f"docs/operations.md does not say what {name} is for"


def test_the_commands_in_the_file_s_own_words_are_right() -> None:
    comments = "\n".join(line[1:] for line in COMPOSE.read_text().splitlines() if line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", comments)
    commands = [shlex.split(found) for found in re.findall(r"exec (?:-T )?server (porchlight .*)", joined)]
    assert len(commands) == 2
    for command in commands:
        operator_parser().parse_args(command[1:])
    (fleet,) = re.findall(r"run --rm sim (--.*)", joined)
    sim_parser().parse_args(shlex.split(fleet))


# The real thing, without the container around it


@pytest.fixture
def served(postgres: Cluster, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The server as the image starts it, on a PostgreSQL of the tests; the environment it runs in."""
    url, port = postgres.database(empty=True), free_port()
    password = re.match(r"postgresql://\w+:([^@]+)@", url)
    assert password
    environ = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PG"))}
    given = image_environment("server")
    # The password travels beside the URL, as in the file.
    asked = f"postgresql://porchlight@127.0.0.1:{postgres.port}/{url.rpartition('/')[2]}"
    assert given["PORCHLIGHT_DATABASE_URL"].startswith("postgresql://porchlight@database/")
    changed = {
        "PORCHLIGHT_DATABASE_URL": asked,
        "PGPASSWORD": password[1],
        "PORCHLIGHT_PORT": str(port),
        "PORCHLIGHT_MQTT_PORT": "0",
        "PORCHLIGHT_ISSUER": f"http://localhost:{port}/tv",
        "PORCHLIGHT_DATA_DIR": str(tmp_path),
        "PORCHLIGHT_HOST": "127.0.0.1",
        "PATH": environ.get("PATH", ""),
    }
    whole = environ | given | changed
    argv = [sys.executable, "-m", "server.commands", *services()["server"]["command"], "--json"]
    with subprocess.Popen(argv, env=whole, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            ready = run.stdout.readline() if run.stdout else ""
            assert ready, run.stderr.read() if run.stderr else ""
            yield whole
        finally:
            run.terminate()
            run.communicate(timeout=30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as street:
        return int(street.getsockname()[1])


def check(environ: Mapping[str, str]) -> int:
    """The image's health check, run as the engine would; its exit code."""
    command = json.loads(last("server", "HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "python"
    argv = [sys.executable, *command[1:]]
    return subprocess.run(argv, env=dict(environ), capture_output=True, timeout=30, check=False).returncode


def test_the_health_check_tells_a_server_that_runs_from_one_that_does_not(served: dict[str, str]) -> None:
    assert check(served) == 0
    assert check(served | {"PORCHLIGHT_PORT": str(free_port())}) != 0


def test_a_person_is_added_in_the_container_with_no_more_than_its_environment(served: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "server.commands", "user", "add", "ana", "--password-stdin"]
    done = subprocess.run(argv, env=served, input="a good password\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

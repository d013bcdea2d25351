"""What surrounds the image says the same as the program in it: variables, host names, the smoke test."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # brought along by packages of the tests

from mockspaces.cli import main
from mockspaces.config import Config
from mockspaces.contract import hosts
from mockspaces.server import Server
from tests.conftest import MOCKSPACES, SOON_S, lack

ROOT = Path(__file__).parent.parent
VARIABLES = {str(option.envvar) for option in main.commands["serve"].params}
GUIDE = ROOT / "docs" / "docker.md"
MISSPELT = {"MOCKSPACES_PRT"}  # the guide's example of one


def variables_in(path: Path) -> set[str]:
    return set(re.findall(r"MOCKSPACES_[A-Z_]*[A-Z]", path.read_text()))


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        "deploy/compose.yaml",
        "deploy/workers/compose.yaml",
        "deploy/workers/kubernetes.yaml",
        "deploy/github-actions.yml",
        "deploy/gitlab-ci.yml",
        "docs/docker.md",
    ],
)
def test_files_name_only_variables_that_exist(path: str) -> None:
    """No example sets a variable that the mock would refuse."""
    assert variables_in(ROOT / path) - MISSPELT <= VARIABLES


def test_guide_names_every_variable() -> None:
    """Whoever reads the guide learns of each variable."""
    assert variables_in(GUIDE) - MISSPELT == VARIABLES


def test_compose_has_every_host_as_an_alias() -> None:
    """The network aliases of the example are the names that the certificate is good for, all of them."""
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    block = text[text.index("aliases:") :].partition("\n\n")[0]
    assert re.findall(r"- (\S+)", block) == list(hosts.NAMES)


def test_examples_of_workers_fit_together() -> None:
    """Compose file and balancers name the same workers, and the cluster's pods are those of the image."""
    files = ROOT / "deploy" / "workers"
    services = yaml.safe_load((files / "compose.yaml").read_text())["services"]
    workers = [f"{name}:8080" for name in services if name.startswith("worker-")]
    for name in ("haproxy.cfg", "nginx.conf"):
        assert re.findall(r"worker-\d:\d+", (files / name).read_text()) == workers
    described = list(yaml.safe_load_all((files / "kubernetes.yaml").read_text()))
    [pod] = [one["spec"]["template"]["spec"] for one in described if one["kind"] == "Deployment"]
    [container] = pod["containers"]
    image = (ROOT / "Dockerfile").read_text()
    assert f"MOCKSPACES_PORT={container['ports'][0]['containerPort']} " in image
    assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}\n" in image
    assert {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")} == {
        "/health"
    }


@pytest.mark.behaviour("ACC-GEN-01", "REST-HOST-01", "RT-EP-01")
def test_guide_tells_every_host() -> None:
    """The guide's table has every host at its deployment and service, in the order of the columns."""
    for deployment in hosts.DEPLOYMENTS:
        names = {row.service: row.name for row in hosts.ROWS if row.deployment == deployment}
        cells = [names.get(service, "") for service in ("accounts", "rest", "socket", "web")]
        row = " ".join(["|", deployment, *(f"| {name}".rstrip() for name in cells), "|"])
        assert row in GUIDE.read_text()


def test_every_surface_answers_at_its_real_name() -> None:
    """A program that looks names up by itself, and only that, reaches every surface by the vendor's URLs over HTTPS."""
    with Server(Config(port=0, tls=True, tls_port=0)) as server:
        assert server.secure_url
        ports = [url.rpartition(":")[2] for url in (server.url, server.secure_url)]
        command = [sys.executable, str(ROOT / "scripts" / "smoke.py"), *ports]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("smoke: 200 ") == 6
    assert "smoke: joined wss://spacesapis-socket.avayacloud.com/chat" in done.stdout


@pytest.mark.parametrize(
    "path", ["scripts/image", "scripts/contain", "scripts/dist", "scripts/pack", "scripts/publish"]
)
def test_scripts_can_be_run(path: str) -> None:
    """A fresh checkout can start them, and the shell can read them."""
    assert os.access(ROOT / path, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / path)], check=True, timeout=30)


@pytest.mark.needs("unshare")
def test_process_1_ends_before_it_is_ready(tmp_path: Path) -> None:
    """SIGTERM ends a container with exit code 0 even while it starts, when process 1 would ignore it by default."""
    seed = tmp_path / "seed.json"
    os.mkfifo(seed)
    namespaces = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*namespaces, "true"], capture_output=True, timeout=30, check=False).returncode:
        lack("needs a process namespace, which this machine does not allow")
    command = [*namespaces, *MOCKSPACES, "serve", "--port", "0", "--seed", str(seed)]
    # The seed opens for writing as soon as the server reads it, and never says a word.
    with subprocess.Popen(command) as outer, seed.open("w"):
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
        os.kill(int(children), signal.SIGTERM)
        assert outer.wait(SOON_S) == 0

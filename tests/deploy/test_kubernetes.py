"""The manifests: kustomize builds them, Kubernetes' schemas allow them, and they fit the program and each other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bot.app import ACKNOWLEDGE_WITHIN, FLUSH_WITHIN
from bot.config import read_settings, secret_names, setting_names
from bot.exposure import open_doors
from bot.http import create_http_app
from tests.deploy.dockerfile import read_dockerfile
from tests.deploy.files import DEPLOY, read_environment, read_yaml, said
from tests.deploy.programs import kubectl

FOLDER = DEPLOY / "kubernetes"
RELEASES = ("1.31", "1.37")
"""The oldest that sleeps before a stop by itself, without a switch, and the newest that is known."""

NAME = {"app.kubernetes.io/name": "imaginebot"}

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def written() -> dict[str, Manifest]:
    """Every manifest as it is written, by kind."""
    resources = read_yaml(FOLDER / "kustomization.yaml")["resources"]
    return {manifest["kind"]: manifest for manifest in (read_yaml(FOLDER / name) for name in resources)}


@pytest.fixture(scope="module")
def pod(written: dict[str, Manifest]) -> Manifest:
    """What a replica is made of."""
    found: Manifest = written["Deployment"]["spec"]["template"]["spec"]
    return found


@pytest.fixture(scope="module")
def container(pod: Manifest) -> Manifest:
    """The one container of a replica."""
    (found,) = pod["containers"]
    return dict(found)


def test_every_manifest_is_named_in_the_kustomization(written: dict[str, Manifest]) -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(read_yaml(FOLDER / "kustomization.yaml")["resources"]) == files
    assert set(written) == {
        *("Namespace", "ServiceAccount", "Deployment", "Service", "Ingress", "PodDisruptionBudget", "NetworkPolicy")
    }


@pytest.mark.parametrize("release", RELEASES)
def test_the_schemas_of_kubernetes_allow_every_manifest(written: dict[str, Manifest], release: str) -> None:
    for manifest in written.values():
        kubernetes_validate.validate(manifest, release, strict=True)


@pytest.mark.timeout(300)  # it may have to be fetched
def test_kustomize_builds_what_the_schemas_allow() -> None:
    built = list(yaml.safe_load_all(said(kubectl(), "kustomize", FOLDER)))
    kinds = {manifest["kind"]: manifest for manifest in built}
    for manifest in built:
        kubernetes_validate.validate(manifest, RELEASES[-1], strict=True)
        assert manifest["kind"] == "Namespace" or manifest["metadata"]["namespace"] == "imaginebot"
    settings = kinds["ConfigMap"]
    assert settings["data"] == read_environment(FOLDER / "settings.env")
    (container,) = kinds["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
    assert container["image"].startswith("registry.example/imaginebot:")


def test_everything_selects_the_replicas_and_nothing_else(written: dict[str, Manifest]) -> None:
    spec = {kind: manifest.get("spec", {}) for kind, manifest in written.items()}
    assert spec["Deployment"]["template"]["metadata"]["labels"] == NAME
    assert spec["Deployment"]["selector"]["matchLabels"] == NAME
    assert spec["Service"]["selector"] == NAME
    assert spec["PodDisruptionBudget"]["selector"]["matchLabels"] == NAME
    assert spec["NetworkPolicy"]["podSelector"]["matchLabels"] == NAME


def test_one_replica_is_there_whatever_is_being_moved(written: dict[str, Manifest]) -> None:
    spec = written["Deployment"]["spec"]
    assert spec["replicas"] > written["PodDisruptionBudget"]["spec"]["minAvailable"] > 0
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_a_replica_has_no_rights_and_writes_to_its_own_folders_alone(pod: Manifest, container: Manifest) -> None:
    user = int(read_dockerfile(DEPLOY / "Dockerfile")[1][-1].only("USER").rest.partition(":")[0])
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
    assert mounted == {"/run/credentials": True, "/var/lib/imaginebot": False}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_a_replica_is_asked_how_it_is_at_the_addresses_that_there_are(container: Manifest) -> None:
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    paths = {name: probe["path"] for name, probe in probes.items()}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert {probe["port"] for probe in probes.values()} == {"http"}
    source = Path(create_http_app.__code__.co_filename).read_text("utf-8")
    assert all(f'Route("{path}"' in source for path in paths.values())


def test_a_replica_ends_gracefully(pod: Manifest, container: Manifest) -> None:
    before = timedelta(seconds=container["lifecycle"]["preStop"]["sleep"]["seconds"])
    needed = before + ACKNOWLEDGE_WITHIN + FLUSH_WITHIN + timedelta(seconds=5)
    assert timedelta(seconds=pod["terminationGracePeriodSeconds"]) >= needed


def test_secrets_are_given_by_reference_and_closed_to_others(pod: Manifest, container: Manifest) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["credentials"]["secret"]["defaultMode"] & 0o007 == 0
    variables = {each["name"]: each for each in container["env"]}
    (mount,) = (each["mountPath"] for each in container["volumeMounts"] if each["name"] == "credentials")
    assert variables["CREDENTIALS_DIRECTORY"]["value"] == mount
    assert all(
        "secretKeyRef" in each["valueFrom"] for name, each in variables.items() if name != "CREDENTIALS_DIRECTORY"
    )
    settings = read_environment(FOLDER / "settings.env")
    assert not set(settings) & {*secret_names(), *variables}


def test_the_settings_exist_and_leave_no_door_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = read_environment(FOLDER / "settings.env")
    assert {name for name in given if not name.startswith("AWS_")} <= set(setting_names())
    for name, value in (given | {"MIDJOURNEY_TOKEN": "t", "MIDJOURNEY_WEBHOOK_SECRET": "s"}).items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert open_doors(settings) == []
    assert not settings.on_loopback


def test_every_port_leads_to_one_of_the_image(written: dict[str, Manifest], container: Manifest) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert [str(port) for port in ports.values()] == read_dockerfile(DEPLOY / "Dockerfile")[1][-1].only("EXPOSE").words
    offered = {port["name"]: port["targetPort"] for port in written["Service"]["spec"]["ports"]}
    assert offered == {name: name for name in ports}
    (rule,) = written["Ingress"]["spec"]["rules"]
    wanted = {path["path"]: path["backend"]["service"]["port"]["name"] for path in rule["http"]["paths"]}
    assert wanted == {"/mcp": "mcp", "/.well-known/oauth-protected-resource": "mcp", "/": "http"}
    assert rule["host"] in read_environment(FOLDER / "settings.env")["PUBLIC_URL"]
    allowed = [port["port"] for each in written["NetworkPolicy"]["spec"]["ingress"] for port in each["ports"]]
    assert set(allowed) == set(ports)


def test_a_replica_may_ask_for_names(written: dict[str, Manifest]) -> None:
    # A label of ours on this selector, and nothing outside is ever found.
    (names,) = (
        each["to"]
        for each in written["NetworkPolicy"]["spec"]["egress"]
        if {port["port"] for port in each["ports"]} == {53}
    )
    assert names == [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]

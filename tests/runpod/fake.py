"""RunPod as its documentation tells: REST version 2, the proxy, Serverless; strict, and failing on demand.

One object that answers requests. Tests put it behind httpx.MockTransport or, for other processes, behind
`served.py`; what runs in its pods are real workers (`machines.py`).
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from gpuworker.clock import Clock
from tests.runpod.breaks import HTML, Breaks
from tests.runpod.endpoints import Endpoint, Handler
from tests.runpod.machines import Machine, Machines

KEY = "rpa_TESTKEY00000000000000000000000000000000"
NO_CAPACITY = (
    "There are no longer any instances available with the requested specifications. Please refresh and try again."
)
NO_GPU_LEFT = "There are not enough free GPUs on the host machine to start this pod."

CREATE_KEYS = {
    *("name", "image", "templateId", "gpu", "cpu", "cloud", "disk", "ports", "env", "args", "dataCenterIds", "mounts"),
    *("registryId", "globalNetworking", "locked"),
}
ENDPOINT_KEYS = {"name", "image", "type", "gpu", "workers", "scaling", "timeout", "flashboot", "env", "disk", "mounts"}
PATCH_KEYS = {"name", "image", "disk", "ports", "env", "args", "locked"}
ACTIONS = {
    "PROVISIONING": ("stop", "terminate"),
    "STARTING": ("stop", "terminate"),
    "RUNNING": ("stop", "restart", "terminate"),
    "EXITED": ("start", "terminate"),
    "ERROR": ("terminate",),
    "TERMINATED": (),
}
PAID = ("PROVISIONING", "STARTING", "RUNNING")


@dataclass(frozen=True)
class Timing:
    """Seconds: in PROVISIONING, in STARTING, and of RUNNING with a proxy that says 502."""

    provisioning: float = 5.0
    starting: float = 30.0
    silent: float = 20.0


@dataclass
class GpuKind:
    id: str
    pool: str
    memory: int
    secure: float
    community: float
    serverless: float
    stock: int = 10


def gpus() -> dict[str, GpuKind]:
    kinds = (
        GpuKind("NVIDIA GeForce RTX 4090", "ADA_24", 24, 0.44, 0.31, 1.1),
        GpuKind("NVIDIA L40S", "ADA_48_PRO", 48, 0.86, 0.79, 1.9),
        GpuKind("NVIDIA RTX 6000 Ada Generation", "ADA_48_PRO", 48, 0.77, 0.74, 1.9),
        GpuKind("NVIDIA L4", "ADA_24", 24, 0.43, 0.39, 0.69),
    )
    return {kind.id: kind for kind in kinds}


@dataclass
class Stretch:
    """A time that is billed."""

    began: float
    ended: float | None = None


@dataclass
class FakePod:
    """stuck: the status that it never leaves; visible: from when on the list shows it."""

    id: str
    body: dict[str, Any]
    hourly: float
    created: float
    visible: float
    status: str = "PROVISIONING"
    since: float = 0.0
    started: float | None = None
    stuck: str | None = None
    machine: Machine | None = None
    billed: list[Stretch] = field(default_factory=list)


class Refusal(Exception):
    def __init__(self, status: int, title: str, detail: str, errors: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.errors = status, title, detail, errors


class FakeRunPod:
    """quota: requests a minute to the REST interface; None for tests on real time that poll quickly."""

    def __init__(
        self,
        clock: Clock,
        machines: Machines,
        *,
        timing: Timing = Timing(),
        quota: int | None = 60,
        data_centre: str = "EU-RO-1",
    ) -> None:
        self.clock = clock
        self.machines = machines
        self.timing = timing
        self.quota = quota
        self.data_centre = data_centre
        self.gpus = gpus()
        self.pods: dict[str, FakePod] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.handler: Handler | None = None
        self.breaks = Breaks()
        self.stuck_next: list[str] = []
        self.no_gpu_on_start = 0
        self.list_lag = 0.0
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self._recent: list[float] = []
        self._lock = threading.RLock()

    # --- what a test looks at

    def existing(self) -> list[FakePod]:
        with self._lock:
            self._advance()
            return [pod for pod in self.pods.values() if pod.status != "TERMINATED"]

    def paid(self) -> list[FakePod]:
        return [pod for pod in self.existing() if pod.status in PAID]

    def cost(self, since: float = 0.0, until: float | None = None) -> float:
        """Dollars between the two moments, of every pod there ever was."""
        now = self.clock.now() if until is None else until
        with self._lock:
            self._advance()
            return sum(
                max(0.0, min(s.ended or now, now) - max(s.began, since)) * pod.hourly / 3600
                for pod in self.pods.values()
                for s in pod.billed
            )

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.handle))

    def kill_worker(self, pod: FakePod) -> None:
        """The worker's process is killed; its container ends."""
        if pod.machine is not None:
            pod.machine.kill()

    def run_out_of_money(self) -> None:
        """At zero dollars pods stop, and those without a network volume are terminated."""
        with self._lock:
            for pod in self.paid():
                self._set(pod, "EXITED" if pod.body.get("mounts") else "TERMINATED")

    def close(self) -> None:
        with self._lock:
            for pod in self.pods.values():
                if pod.machine is not None:
                    pod.machine.kill()
            for endpoint in self.endpoints.values():
                endpoint.close()
            self.machines.close()

    # --- requests

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Route by host, as outside, or by the path's beginning: /rest, /serverless, /proxy."""
        request.read()
        host, path = request.url.host, request.url.path
        if found := re.fullmatch(r"(\w+)-8000\.proxy\.runpod\.net", host):
            return self._proxy(found[1], path, request)
        if found := re.fullmatch(r"/proxy/(\w+)-8000(/.*)", path):
            return self._proxy(found[1], found[2], request)
        self.asked.append((request.method, path))
        if host == "api.runpod.ai" or path.startswith("/serverless/"):
            return self._answered(lambda: self._serverless(request, path.removeprefix("/serverless")))
        return self._answered(lambda: self._rest(request, path.removeprefix("/rest")))

    def _answered(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            response = ask()
        except Refusal as refusal:
            problem = {"title": refusal.title, "status": refusal.status, "detail": refusal.detail}
            content = json.dumps({**problem, "errors": list(refusal.errors)}).encode()
            headers = {"content-type": "application/problem+json"}
            response = httpx.Response(refusal.status, headers=headers, content=content)
        if self.quota is not None:
            left = max(0, self.quota - len(self._recent))
            reset = round(60 - (self.clock.now() - self._recent[0])) if self._recent else 60
            response.headers["RateLimit"] = f"limit={self.quota}, remaining={left}, reset={max(0, reset)}"
            if response.status_code == 429 and "Retry-After" not in response.headers:
                response.headers["Retry-After"] = str(max(1, reset))
        return response

    def _authorise(self, request: httpx.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise Refusal(401, "Unauthorized", "The API key is missing or wrong.")

    def _count(self) -> None:
        now = self.clock.now()
        self._recent = [moment for moment in self._recent if now - moment < 60]
        if self.quota is not None and len(self._recent) >= self.quota:
            raise Refusal(429, "Too Many Requests", "The quota of this minute is used up.")
        self._recent.append(now)

    # --- REST

    def _rest(self, request: httpx.Request, path: str) -> httpx.Response:
        self._authorise(request)
        with self._lock:
            self._count()
            self._advance()
            question, answer = self._route(request, path)
            return self.breaks.answer(question, answer)

    def _route(self, request: httpx.Request, path: str) -> tuple[str, Callable[[], httpx.Response]]:
        match request.method, path.strip("/").split("/")[1:]:
            case "GET", ["pods"]:
                return "list", lambda: _json(200, {"pods": [self._shown(pod) for pod in self._listed()]})
            case "POST", ["pods"]:
                return "create", lambda: self._create(_body(request))
            case "GET", ["pods", identity]:
                return "get", lambda: _json(200, self._shown(self._pod(identity)))
            case "PATCH", ["pods", identity]:
                return "patch", lambda: self._change(self._pod(identity), _body(request))
            case "DELETE", ["pods", identity]:
                return "delete", lambda: self._act(self._pod(identity), "terminate")
            case "POST", ["pods", identity, "action"]:
                body = _body(request)
                if set(body) != {"action"}:
                    raise Refusal(422, "Unprocessable", "An action is needed, and nothing else.")
                return str(body["action"]), lambda: self._act(self._pod(identity), str(body["action"]))
            case "GET", ["pods", identity, "logs"]:
                return "logs", lambda: self._logs(self._pod(identity))
            case "GET", ["catalog", "gpus"]:
                return "catalog", lambda: _json(200, {"gpus": [self._offered(kind) for kind in self.gpus.values()]})
            case "POST", ["network-volumes"]:
                return "volume", lambda: self._volume(_body(request))
            case "GET", ["network-volumes"]:
                return "volumes", lambda: _json(200, {"networkVolumes": list(self.volumes.values())})
            case "POST", ["serverless"]:
                return "endpoint", lambda: self._endpoint(_body(request))
            case "GET", ["billing", "pods"]:
                return "billing", lambda: _json(200, self._billing())
        raise Refusal(404, "Not Found", f"There is no {request.method} {path}.")

    def _pod(self, identity: str) -> FakePod:
        pod = self.pods.get(identity)
        if pod is None or pod.status == "TERMINATED":
            raise Refusal(404, "Not Found", "There is no such pod.")
        return pod

    def _listed(self) -> list[FakePod]:
        now = self.clock.now()
        return [pod for pod in self.pods.values() if pod.status != "TERMINATED" and pod.visible <= now]

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        self._validate(body)
        kind = self.gpus[body["gpu"]["id"]]
        if kind.stock <= 0:
            raise Refusal(400, "Bad Request", NO_CAPACITY)
        kind.stock -= 1
        now = self.clock.now()
        price = kind.secure if body.get("cloud", "SECURE") == "SECURE" else kind.community
        pod = FakePod(uuid.uuid4().hex[:12], body, price, now, now + self.list_lag, since=now)
        pod.stuck = self.stuck_next.pop(0) if self.stuck_next else None
        pod.billed.append(Stretch(now))
        self.pods[pod.id] = pod
        return _json(201, self._shown(pod))

    def _validate(self, body: dict[str, Any]) -> None:
        errors = [f"{key}: unknown key" for key in sorted(set(body) - CREATE_KEYS)]
        checks = {
            "name": isinstance(body.get("name"), str) and 0 < len(body["name"]) <= 191,
            "gpu or cpu": ("gpu" in body) != ("cpu" in body),
            "image or templateId": ("image" in body) != ("templateId" in body),
            "gpu.id": "gpu" not in body or body["gpu"].get("id") in self.gpus,
            "gpu": "gpu" not in body or set(body["gpu"]) <= {"id", "count", "minCudaVersion"},
            "cloud": body.get("cloud", "SECURE") in ("SECURE", "COMMUNITY"),
            "disk": isinstance(body.get("disk", 20), int),
            "args": isinstance(body.get("args", ""), str),
            "ports": all(re.fullmatch(r"\d+/(http|tcp)", port) for port in body.get("ports", [])),
            "env": all(isinstance(value, str) for value in body.get("env", {}).values()),
            "dataCenterIds": isinstance(body.get("dataCenterIds", []), list),
            "mounts": set(body.get("mounts", {})) <= {"network", "persistent"},
        }
        errors += [name for name, holds in checks.items() if not holds]
        for mount in body.get("mounts", {}).get("network", []):
            if mount.get("volumeId") not in self.volumes or body.get("cloud") != "SECURE":
                errors.append("mounts.network: no such volume in the Secure cloud")
        if errors:
            raise Refusal(422, "Unprocessable Entity", "The request body is not valid.", tuple(errors))

    def _change(self, pod: FakePod, body: dict[str, Any]) -> httpx.Response:
        if unknown := set(body) - PATCH_KEYS:
            raise Refusal(422, "Unprocessable Entity", "The request body is not valid.", tuple(sorted(unknown)))
        pod.body = {**pod.body, **body}
        return _json(200, self._shown(pod))

    def _act(self, pod: FakePod, action: str) -> httpx.Response:
        if action not in ACTIONS[pod.status]:
            raise Refusal(409, "Conflict", f"A pod that is {pod.status} cannot {action}; see its actions.")
        match action:
            case "terminate":
                self._set(pod, "TERMINATED")
                return httpx.Response(204)
            case "stop":
                self._set(pod, "EXITED")
            case "start" | "restart":
                self._start(pod)
        return _json(200, self._shown(pod))

    def _start(self, pod: FakePod) -> None:
        kind = self.gpus[pod.body["gpu"]["id"]]
        if pod.status == "EXITED":
            if self.no_gpu_on_start > 0 or kind.stock <= 0:
                self.no_gpu_on_start -= 1
                raise Refusal(400, "Bad Request", NO_GPU_LEFT)
            kind.stock -= 1
            pod.billed.append(Stretch(self.clock.now()))
        if pod.machine is not None:
            pod.machine.kill()
            pod.machine = None
        pod.status, pod.since = "STARTING", self.clock.now()

    def _set(self, pod: FakePod, status: str) -> None:
        if pod.status in PAID and status not in PAID:
            self.gpus[pod.body["gpu"]["id"]].stock += 1
            pod.billed[-1].ended = self.clock.now()
            if pod.machine is not None:
                pod.machine.kill()
                pod.machine = None
        pod.status, pod.since = status, self.clock.now()

    def _advance(self) -> None:
        """Whatever time has brought about since the last question."""
        now = self.clock.now()
        for pod in self.pods.values():
            if pod.status == "PROVISIONING" and pod.stuck == "ERROR":
                self._set(pod, "ERROR")
            if pod.status == "PROVISIONING" != pod.stuck and now >= pod.since + self.timing.provisioning:
                pod.status, pod.since = "STARTING", pod.since + self.timing.provisioning
            if pod.status == "STARTING" != pod.stuck and now >= pod.since + self.timing.starting:
                pod.status, pod.since = "RUNNING", pod.since + self.timing.starting
                pod.started = pod.since
                pod.machine = self.machines.start(pod.body.get("env", {}))
            if pod.status == "RUNNING" and pod.machine is not None and pod.machine.exited:
                self._set(pod, "EXITED")

    def _shown(self, pod: FakePod) -> dict[str, Any]:
        body = pod.body
        runtime = None
        if pod.status == "RUNNING":
            uptime = round(self.clock.now() - pod.since)
            runtime = {"uptime": uptime, "gpus": [{"util": 0, "memoryUtil": 3}], "ports": []}
        return {
            "id": pod.id,
            "name": body["name"],
            "image": body.get("image", ""),
            "args": body.get("args", ""),
            "disk": body.get("disk", 20),
            "ports": body.get("ports", []),
            "env": body.get("env", {}),
            "registry": None,
            "status": pod.status,
            "actions": list(ACTIONS[pod.status]),
            "mounts": body.get("mounts", {}),
            "gpu": body.get("gpu"),
            "cloud": body.get("cloud", "SECURE"),
            "dataCenterId": self.data_centre,
            "cudaVersion": "13.0",
            "ssh": {},
            "template": None,
            "cost": pod.hourly,
            "locked": False,
            "globalNetworking": {"enabled": False},
            "runtime": runtime,
            "createdAt": _moment(pod.created),
            "startedAt": _moment(pod.started) if pod.started else None,
        }

    def _logs(self, pod: FakePod) -> httpx.Response:
        lines = [f"pod {pod.id} is {pod.status}", f"image {pod.body.get('image')}"]
        text = "".join(f"event: log\ndata: {line}\n\n" for line in lines)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())

    def _offered(self, kind: GpuKind) -> dict[str, Any]:
        stock = "NONE" if kind.stock <= 0 else "LOW" if kind.stock < 3 else "HIGH"
        price = {"secure": kind.secure, "community": kind.community, "serverless": kind.serverless}
        return {
            "id": kind.id,
            "name": kind.id.removeprefix("NVIDIA "),
            "pool": kind.pool,
            "memory": kind.memory,
            "price": price,
            "availability": stock,
            "dataCenters": [self.data_centre],
        }

    def _volume(self, body: dict[str, Any]) -> httpx.Response:
        if set(body) - {"name", "size", "dataCenter", "type"} or not isinstance(body.get("size"), int):
            raise Refusal(422, "Unprocessable Entity", "The request body is not valid.")
        volume = {"id": uuid.uuid4().hex[:10], **body}
        self.volumes[volume["id"]] = volume
        return _json(201, volume)

    def _endpoint(self, body: dict[str, Any]) -> httpx.Response:
        """One whose machines run `handler`."""
        wrong = sorted(set(body) - ENDPOINT_KEYS)
        workers = body.get("workers", {})
        if wrong or body.get("type") != "QUEUE" or workers.get("min", 0) > workers.get("max", 1):
            raise Refusal(422, "Unprocessable Entity", "The request body is not valid.", tuple(wrong))
        if self.handler is None:
            raise Refusal(400, "Bad Request", "No image of a Serverless worker is at hand.")
        identity = uuid.uuid4().hex[:14]
        self.endpoints[identity] = Endpoint(self.clock, self.handler)
        return _json(201, {"id": identity, **body})

    def _billing(self) -> dict[str, Any]:
        now = self.clock.now()
        records = [
            {
                "podId": pod.id,
                "totalAmount": sum(((s.ended or now) - s.began) * pod.hourly / 3600 for s in pod.billed),
            }
            for pod in self.pods.values()
        ]
        return {"records": records, "metadata": {"totals": {"totalAmount": self.cost()}}}

    # --- the proxy

    def _proxy(self, identity: str, path: str, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        with self._lock:
            self._advance()
            pod = self.pods.get(identity)
            if pod is None or pod.status in ("TERMINATED", "EXITED"):
                return httpx.Response(404, headers={"content-type": "text/html"}, content=HTML)
            machine = pod.machine
            if machine is None or self.clock.now() < pod.since + self.timing.silent:
                return httpx.Response(502, headers={"content-type": "text/html"}, content=HTML)
        query = f"?{request.url.query.decode()}" if request.url.query else ""
        raw = request.url.raw_path.decode().partition("?")[0]
        raw = re.sub(r"^/proxy/\w+-8000", "", raw)
        inside = httpx.Request(
            request.method, f"http://worker{raw}{query}", headers=request.headers, content=request.content
        )

        def ask() -> httpx.Response:
            try:
                response = machine.send(inside)
            except httpx.TransportError:
                return httpx.Response(502, headers={"content-type": "text/html"}, content=HTML)
            headers = {k: v for k, v in response.headers.items() if k not in ("transfer-encoding", "content-encoding")}
            return httpx.Response(response.status_code, headers=headers, content=response.content)

        return self.breaks.answer(path.split("/")[1], ask)

    # --- Serverless

    def _serverless(self, request: httpx.Request, path: str) -> httpx.Response:
        self._authorise(request)
        _, name, question, *rest = [*path.strip("/").split("/"), "", ""][:5]
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            raise Refusal(404, "Not Found", "There is no such endpoint.")
        body = _body(request) if request.method == "POST" and request.content else {}

        def ask() -> httpx.Response:
            found = endpoint.answer(request.method, question, rest[0], body, len(request.content))
            if isinstance(found, int):
                raise Refusal(found, "Refused", "The request was refused.")
            return _json(200, found)

        return self.breaks.answer(question, ask)


def _json(status: int, data: Any) -> httpx.Response:
    return httpx.Response(status, json=data)


def _body(request: httpx.Request) -> dict[str, Any]:
    try:
        data = json.loads(request.content)
    except ValueError:
        raise Refusal(400, "Bad Request", "The body is not JSON.") from None
    if not isinstance(data, Mapping):
        raise Refusal(422, "Unprocessable Entity", "The body is not an object.")
    return dict(data)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

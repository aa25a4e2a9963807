"""Writes a Deployment, its Service and an autoscaler that fit a server: resources, probes, and time to stop."""

from __future__ import annotations

from gunicorn_conf.write.quote import kubernetes as word
from gunicorn_conf.write.quote import yaml
from gunicorn_conf.write.startup import Fragment, Options, OutFile, Server, Startup, Step
from gunicorn_conf.write.startups import parts
from gunicorn_conf.write.startups.docker import USER_ID, image_command, image_files, limit_warnings

# The endpoint is taken out of the Service at the same time as the pod is told to stop; until every node knows, requests
# still come. Kubernetes, "Pod Lifecycle", Termination of Pods.
_PRE_STOP_SECONDS = 5
# 2 s × 60: an app may need two minutes to import before the pod is started anew.
_STARTUP_PERIOD_SECONDS = 2
_STARTUP_FAILURES = 60
_READY_PERIOD_SECONDS = 10
_REPLICAS = 2
_MOST_REPLICAS = 10
# Workers that compute are queued for above this share; there is time to start a pod before that.
_CPU_TARGET_PERCENT = 60
_MILLI = 1000


def kubernetes(server: Server, options: Options) -> Startup:
    """The manifests, and the image that they run."""
    return Startup(
        platform="kubernetes",
        files=(
            *image_files(server, options),
            OutFile(path="deployment.yaml", text=_deployment(server, options)),
        ),
        steps=(
            parts.requirements_step(server),
            Step(
                title="Build the image and push it",
                text="Put its name in place of REGISTRY/NAME:TAG in deployment.yaml.",
                commands=("docker build --tag REGISTRY/NAME:TAG .", "docker push REGISTRY/NAME:TAG"),
            ),
            Step(title="Apply", commands=("kubectl apply -f deployment.yaml",)),
        ),
        fragments=(_autoscaler(server), _downward(server)),
        explanations=(
            *parts.name_notes(server),
            (
                f"terminationGracePeriodSeconds is {_grace(server)} s: {_PRE_STOP_SECONDS} s of preStop, during which "
                f"the Service learns that the pod goes, then graceful_timeout, {parts.graceful_seconds(server)} s, "
                "then a margin."
            ),
            (
                "There is no livenessProbe on purpose: Gunicorn replaces a worker without a heartbeat itself, and a "
                "probe over HTTP waits behind requests, so that a busy pod would be killed when it is needed most. "
                "Threads that all hang are not seen by the heartbeat; the readinessProbe then takes the pod out of the "
                "Service."
            ),
            (
                "The downward API gives limits.cpu rounded up to whole CPUs (divisor 1), and the node's CPUs where "
                "there is no limit. The number of workers is written instead of derived from it."
            ),
            *_autoscaler_note(server),
            *_health_notes(server, options),
            parts.trusted_proxy_note("an ingress"),
            "An ingress has timeouts of its own; where keepalive is not 0, it must outlast the ingress's idle limit.",
        ),
        warnings=limit_warnings(server),
        stop_window_seconds=parts.stop_seconds(server),
    )


def _grace(server: Server) -> int:
    return _PRE_STOP_SECONDS + parts.stop_seconds(server)


def _deployment(server: Server, options: Options) -> str:
    name = parts.name_of(server)
    lines = [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata:",
        f"  name: {yaml(name)}",
        "spec:",
        f"  replicas: {_REPLICAS}",
        "  selector:",
        "    matchLabels:",
        f"      app: {yaml(name)}",
        "  strategy:",
        "    rollingUpdate:",
        "      maxUnavailable: 0",
        "  template:",
        "    metadata:",
        "      labels:",
        f"        app: {yaml(name)}",
        "    spec:",
        (
            f"      # {_PRE_STOP_SECONDS} s of preStop, {parts.graceful_seconds(server)} s of graceful_timeout, and a "
            "margin."
        ),
        f"      terminationGracePeriodSeconds: {_grace(server)}",
        "      automountServiceAccountToken: false",
        "      securityContext:",
        "        runAsNonRoot: true",
        f"        runAsUser: {USER_ID}",
        "        seccompProfile:",
        "          type: RuntimeDefault",
        "      containers:",
        f"        - name: {yaml(name)}",
        "          image: REGISTRY/NAME:TAG",
        f"          command: [{', '.join(word(one) for one in image_command(server))}]",
        "          ports:",
        "            - name: http",
        f"              containerPort: {server.bind_port}",
        *_resources(server),
        "          startupProbe:",
        *_probe(options),
        f"            periodSeconds: {_STARTUP_PERIOD_SECONDS}",
        f"            timeoutSeconds: {parts.HEALTH_TIMEOUT_SECONDS}",
        f"            failureThreshold: {_STARTUP_FAILURES}",
        "          readinessProbe:",
        *_probe(options),
        f"            periodSeconds: {_READY_PERIOD_SECONDS}",
        f"            timeoutSeconds: {parts.HEALTH_TIMEOUT_SECONDS}",
        "          lifecycle:",
        "            preStop:",
        "              exec:",
        "                # Requests still come until every node knows that this pod goes.",
        f'                command: ["sleep", "{_PRE_STOP_SECONDS}"]',
        "          securityContext:",
        "            allowPrivilegeEscalation: false",
        "            readOnlyRootFilesystem: true",
        "            capabilities:",
        '              drop: ["ALL"]',
        "          volumeMounts:",
        "            - name: tmp",
        "              mountPath: /tmp",
        "      volumes:",
        "        - name: tmp",
        "          emptyDir: {}",
        "---",
        "apiVersion: v1",
        "kind: Service",
        "metadata:",
        f"  name: {yaml(name)}",
        "spec:",
        "  selector:",
        f"    app: {yaml(name)}",
        "  ports:",
        "    - name: http",
        "      port: 80",
        "      targetPort: http",
    ]
    return "\n".join(lines) + "\n"


def _resources(server: Server) -> list[str]:
    memory = parts.sum_of_memory(server)
    amounts = []
    if server.cpus is not None:
        amounts.append(f"cpu: {yaml(f'{round(server.cpus * _MILLI)}m')}")
    if memory is not None:
        amounts.append(f"memory: {yaml(f'{parts.mebibytes(memory)}Mi')}")
    if not amounts:
        return []
    return [
        "          # What gunicorn.conf.py was made for; requests as high as limits, so that they are really there.",
        "          resources:",
        "            requests:",
        *(f"              {amount}" for amount in amounts),
        "            limits:",
        *(f"              {amount}" for amount in amounts),
    ]


def _probe(options: Options) -> list[str]:
    if options.health_path is None:
        return ["            tcpSocket:", "              port: http"]
    return [
        "            httpGet:",
        f"              path: {yaml(parts.health_path(options.health_path))}",
        "              port: http",
    ]


def _health_notes(server: Server, options: Options) -> tuple[str, ...]:
    if options.health_path is None:
        return (
            (
                "The probes only connect, for no path was given (--health-path): the kernel accepts a connection even "
                "when every worker hangs."
            ),
        )
    if server.app.framework == "django":
        return (
            (
                "The kubelet asks by the pod's address: Django answers 400 to the probes unless ALLOWED_HOSTS holds "
                "it, or the probe sends a Host header (httpHeaders)."
            ),
        )
    return ()


def _autoscaler(server: Server) -> Fragment:
    name = parts.name_of(server)
    text = f"""\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {yaml(name)}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {yaml(name)}
  minReplicas: {_REPLICAS}
  maxReplicas: {_MOST_REPLICAS}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {_CPU_TARGET_PERCENT}
"""
    return Fragment(title="An autoscaler, as a suggestion", language="yaml", text=text, file_name="autoscaler.yaml")


def _autoscaler_note(server: Server) -> tuple[str, ...]:
    if parts.slots(server) == server.workers and parts.is_threaded(server):
        return ("The autoscaler goes by CPU, which suits an app that computes.",)
    return (
        "The autoscaler goes by CPU. An app that mostly waits fills its slots while the CPU idles: scale it by "
        "requests in flight (a metric of the ingress or of the app) instead"
        + (
            f", at a share of the {parts.slots(server)} that a pod serves at once."
            if parts.is_threaded(server)
            else "."
        ),
    )


def _downward(server: Server) -> Fragment:
    text = f"""\
# In the container: WEB_CONCURRENCY replaces the number of workers in gunicorn.conf.py, {server.workers}.
# It is one worker for each CPU of the limit, rounded up: 500m gives 1, 1500m gives 2.
# Without a limit it is the number of CPUs of the node.
env:
  - name: WEB_CONCURRENCY
    valueFrom:
      resourceFieldRef:
        resource: limits.cpu
        divisor: "1"
"""
    return Fragment(title="Workers that follow the CPU limit", language="yaml", text=text)

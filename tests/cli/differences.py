"""Where kjsim differs from the cluster of the transcripts on purpose, each with its reason.

`INSTEAD` has the commands that kjsim answers in its own words. `settled` treats an answer, kubectl's or kjsim's, so that
what may be otherwise is alike; all else has to be the same to the letter.
"""

from __future__ import annotations

import re

from tests.cli.masking import without_foreign_events
from tests.cli.replay import Recorded, recorded


def _instead() -> dict[str, tuple[str, int]]:
    subdomain = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
        "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    )
    label = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
        "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    )
    # A manifest that is refused: file and line are added to what the server says, all of it at once, and the exit code is 2.
    refused = {
        "typo": 'error: typo.yml:8: unknown field "spec.paralelism" (did you mean "parallelism"?)\n',
        "always": "error: always.yml:24: spec.template.spec.restartPolicy: Required value: "
        'valid values: "OnFailure", "Never"\n',
        "name": f'error: name.yml:4: metadata.name: Invalid value: "Ping_Pong": {subdomain}\n'
        f'error: name.yml:15: spec.template.spec.containers[0].name: Invalid value: "Ping_Pong": {label}\n',
        "type": "error: type.yml:8: "
        "json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32\n",
        "schedule": "error: schedule.yml:6: spec.schedule: Invalid value: "
        '"61 * * * *": end of range (61) above maximum (59): 61\n',
        "kind": 'error: kind.yml:2: no matches for kind "Jobb" in version "batch/v1" (did you mean "Job"?)\n',
        "yaml": "error: yaml.yml:5: error converting YAML to JSON: "
        "yaml: line 5: mapping values are not allowed in this context\n",
    }
    beta = "Warning: batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob\n"
    return {
        **{f"kubectl apply -f {name}.yml": (text, 2) for name, text in refused.items()},
        # The seed's CronJob is of batch/v1beta1, which kjsim reads.
        "kubectl apply -f beta.yml": (f"{beta}cronjob.batch/pingpong created (server dry run)\n", 0),
        "kubectl apply -f simple-cronjob.yml": (f"{beta}cronjob.batch/pingpong created\n", 0),
        # A flag of older kubectls is taken in silence: ended pods are always shown.
        "kubectl get pods --show-all": (_without_labels(), 0),
        # An unknown kind is an error of the command line.
        "kubectl get nosuch": ('error: the server doesn\'t have a resource type "nosuch"\n', 2),
        # That kubelet had removed the container before the last one already; here it is there as long as its pod.
        "kubectl logs job/crash --previous": ("boom\n", 0),
        # Not offered: Jobs can't be scaled so.
        "kubectl scale job once --replicas=2": ('error: unknown command "scale" for "kjsim"\n', 2),
    }


def _without_labels() -> str:
    shown = next(it.output for it in recorded("kubectl-get.txt") if it.command == "kubectl get pods --show-labels")
    lines = shown.splitlines()
    width = lines[0].index("   LABELS")
    return "".join(f"{line[:width].rstrip()}\n" for line in lines)


INSTEAD = _instead()

# Of two pods of one instant, a Job's are made and their containers started side by side; that kubelet took turns.
_SIDE_BY_SIDE = ("describe job leader", "describe pod -l app=multi")
_SUBSTITUTIONS = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        # Two pods fail within one second: the cluster sees both at once, kjsim the first, and ends the other, which goes.
        (r"^((?:pod/|default\|)?failpolicy-SUFFIX.*\n)\1", r"\1"),
        (r"failpolicy-SUFFIX (?=failpolicy-SUFFIX)", ""),
        (r"^.*Deleted pod: failpolicy-SUFFIX\n", ""),
        (r"^.*\|Killing\|pod/failpolicy-SUFFIX\|.*\n", ""),
        # A container that crashes again and again is seen in its back-off here, just before it there.
        (r"(crash-SUFFIX[| ]0/1[| ])(?:Error|CrashLoopBackOff)(?=[| ])", r"\1Error"),
        (r"State: {10}Terminated\n +Reason: +Error\n +Exit Code: +3\n.*\n.*\n(?= +Last State)", "State: WAITING OR ENDED\n"),
        (r"State: {10}Waiting\n +Reason: +CrashLoopBackOff\n", "State: WAITING OR ENDED\n"),
        (r"^(Warning\|BackOff\|AGE )\(x\d over AGE\)", r"\1(x? over AGE)"),
        # A pod of one container has no sandbox, and so no address before its container runs.
        (r"\|<none>\|NODE\|", "|IP|NODE|"),
        (r"^IP: +(?:IP)?\nIPs:(?: +<none>|\n  IP: +IP)\nControlled By: +", "IP, Controlled By: "),
        # There is no Service `kubernetes`, and nobody else's pods are there.
        (r"^NAME\|TYPE\|CLUSTER-IP.*\nservice/kubernetes.*\n\n", ""),
        (r"^(?:cronjob-455|job-1356)\|.*\n", ""),
        # The engine's texts are Docker's.
        (r"(?:Error response from daemon: |failed to (?:create|start|pull) [\w \"]+?: )+(?=OCI runtime create failed)", ""),
        (r"(no such file or directory): unknown", r"\1"),
        (r"(Failed to pull image \"nosuch.invalid/image:1\": ).*", r"\1ERROR"),
        # One probe hit a container that was ending.
        (r"^.*\|Unhealthy\|.*Readiness probe errored and resulted in unknown state.*\n", ""),
        # Probes are still to come: the warning says so.
        (r"^Warning: spec\.template\.spec\.containers\[0\]\.readinessProbe: .*\n", ""),
        # When a CronJob fires next is kjsim's own addition.
        (r"^(NAME\|SCHEDULE\|.*)\|NEXT$", r"\1"),
        (r"^((?:nightly|pingpong)\|.*\|<none>)\|in \w+$", r"\1"),
        (r"^Next Runs:\n  .* Local Time +In\n  [- ]+\n(?:  \w{3} .*\n){5}", ""),
        # A CronJob's Jobs, as many as there were minutes.
        (r"^(?:pingpong-MINUTES\|(?:Complete|Running)\|.*\n)+(?=sidecar)", "pingpong-MINUTES\n"),
        (r"^manual\|Running\|0/1\|", "manual|Complete|1/1|"),
        (r"^(    name: perindex)\.[0-9a-f]+$", r"\1.INSTANT"),
        (r"(?<=image: )docker\.io/", ""),
    )
)


def settled(shown: Recorded, lines: list[str]) -> list[str]:
    """The masked lines of an answer to the command `shown`, without what may be otherwise."""
    command = shown.command.removeprefix("kubectl ")
    if shown.file == "objects.yaml.txt" and "get pod " in command:
        lines = _pod_fields(lines, is_crash="app=crash" in command)
    text = "\n".join(lines) + "\n"
    for pattern, replacement in _SUBSTITUTIONS:
        text = pattern.sub(replacement, text)
    lines = text.splitlines()
    if command.startswith("get events --sort-by"):
        # Within one second the order is anybody's; that the seconds are in order has a test of its own.
        return sorted(without_foreign_events(lines))
    if command.startswith(("logs -l", "get pods --sort-by")):
        return sorted(lines)
    if command.startswith(_SIDE_BY_SIDE):
        events = lines.index("Events:")
        lines = [*lines[: events + 1], *sorted(lines[events + 1 :])]
    if command.startswith("describe pod"):
        # Pods of one index are in the order of their random names.
        return ["\n".join(page) for page in sorted(_pages(lines))]
    return lines


def _pages(lines: list[str]) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("Name: "):
            pages.append([])
        if line:
            pages[-1].append(line)
    return pages


_LEFT_TO_THE_SPEC = ("user", "resources", "allocatedResources", "volumeMounts")
"""What the kubelet repeats of the spec in the status, or asks the runtime for: pod-on-docker.md 3.5 has it as optional."""


def _pod_fields(lines: list[str], *, is_crash: bool) -> list[str]:
    """The lines of pods as YAML, without the fields of their status that may be otherwise."""
    names = (*_LEFT_TO_THE_SPEC, "podIP", "podIPs", *(["state"] if is_crash else []))
    kept: list[str] = []
    in_status, skipped_indent, opens_item = False, -1, False
    for line in lines:
        indent = len(line) - len(line.lstrip(" -"))
        if line == "  status:" or re.match(r"(?:- |  )(?:apiVersion|spec|metadata|kind):", line):
            in_status = line == "  status:"
            skipped_indent = -1
        if skipped_indent >= 0 and (
            indent > skipped_indent or (line.strip().startswith("- ") and indent == skipped_indent + 2)
        ):
            continue
        skipped_indent = -1
        match = re.match(r"( *)(- )?(\w+):", line)
        is_message = in_status and match is not None and match[3] == "message" and indent == 10
        if match and in_status and (match[3] in names or is_message):
            skipped_indent = indent
            opens_item |= bool(match[2])
            continue
        if opens_item:
            line, opens_item = f"{line[: indent - 2]}- {line[indent:]}", False
        kept.append(line)
    return kept


_SHORT = ("flaky", "crash", "perindex", "shortlived", "oom")


def pod_history(name: str, rows: list[str]) -> list[str]:
    """What `get -w` showed of a pod (`READY STATUS RESTARTS`), without what may be otherwise. `name` is masked."""
    job = name.removesuffix("-SUFFIX").split("-")[0]
    if job in _SHORT:  # so short that it may have ended before it was seen to run
        rows = [row for row in rows if not row.startswith("1/1 Running")]
    if job == "crash":  # the transcript ends after 75 s
        rows = [row for row in rows if row[-1] < "3"]
    if job == "nopull":
        rows = rows[:6]
    if job == "failpolicy":  # the second to fail is ended already
        rows = [row for row in rows if "Terminating" not in row]
    if job == "multi":  # two containers are not started by one hand
        rows = [row for row in rows if row != "1/2 PodInitializing 0"]
    if job == "sidecar":  # readiness probes are still to come
        rows = [row for row in rows if row != "1/2 Running 0"]
    return [row for at, row in enumerate(rows) if at == 0 or rows[at - 1] != row]


def job_history(rows: list[str]) -> list[str]:
    """What `get -w` showed of a Job (`STATUS COMPLETIONS`): each STATUS, and all of the last row."""
    words = [row.split()[0] for row in rows]
    return [*(word for at, word in enumerate(words) if at == 0 or words[at - 1] != word), rows[-1]]

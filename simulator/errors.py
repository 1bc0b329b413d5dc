"""The error tree. Every error that kjsim means to raise is one of these; anything else is a bug.

KjsimError                      exit code 1
├── UsageError                  2   a command line that makes no sense
├── ManifestError               2   a manifest that can't be read; carries every Problem found, with file and line
├── EngineUnavailable           3   no Docker Engine answers
├── StateError                  4   the state directory: not writable, broken, newer than this kjsim, disk full
├── RunTimeout                124   `--timeout` has passed
├── Interrupted               130   Ctrl-C
└── ApiError                    1   an answer of the Kubernetes API: reason, HTTP code, message, details
    ├── BadRequest            400
    ├── Forbidden             403
    ├── NotFound              404
    ├── MethodNotAllowed      405
    ├── NotAcceptable         406
    ├── AlreadyExists         409
    ├── Conflict              409
    ├── Expired               410
    ├── UnsupportedMediaType  415
    ├── Invalid               422
    ├── InternalError         500
    └── ServiceUnavailable    503
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class KjsimError(Exception):
    """An error that is told to the user as it is: what went wrong, where, and what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(KjsimError):
    """The command line can't be understood."""

    exit_code = 2


class Problem(NamedTuple):
    """One finding in a manifest.

    `path` is the field path as the API server writes it (`spec.template.spec.containers[0].name`), `line` and `column`
    count from 1; 0 means unknown. `message` is the API server's text, without file and line.
    """

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        return f"{place}: {self.message}" if place else self.message


class ManifestError(KjsimError):
    """A manifest is refused before anything is created; all its problems at once."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class EngineUnavailable(KjsimError):
    """No Docker Engine answers."""

    exit_code = 3


class StateError(KjsimError):
    """The state directory or its database can't be used."""

    exit_code = 4


class RunTimeout(KjsimError):
    """`--timeout` has passed before the end."""

    exit_code = 124


class Interrupted(KjsimError):
    """The user pressed Ctrl-C."""

    exit_code = 130


class ApiError(KjsimError):
    """A Kubernetes `Status` with status Failure.

    `details` is the content of `Status.details` (`name`, `group`, `kind`, `causes`, `retryAfterSeconds`).
    """

    reason: ClassVar[str] = "Unknown"
    code: ClassVar[int] = 500

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        self.message = message
        self.details: dict[str, Any] = details or {}
        super().__init__(message)

    def to_status(self) -> dict[str, Any]:
        """The `Status` object that goes over the wire."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


class BadRequest(ApiError):
    """The request can't be understood."""

    reason, code = "BadRequest", 400


class Forbidden(ApiError):
    """The request is understood and refused."""

    reason, code = "Forbidden", 403


class NotFound(ApiError):
    """No such object or resource."""

    reason, code = "NotFound", 404


class MethodNotAllowed(ApiError):
    """The resource doesn't know this verb."""

    reason, code = "MethodNotAllowed", 405


class NotAcceptable(ApiError):
    """The answer can't be given in the form asked for."""

    reason, code = "NotAcceptable", 406


class AlreadyExists(ApiError):
    """An object of that name is there already."""

    reason, code = "AlreadyExists", 409


class Conflict(ApiError):
    """The object has changed since it was read, or a precondition does not hold."""

    reason, code = "Conflict", 409


class Expired(ApiError):
    """A watch asks for a resourceVersion that is no longer in the history."""

    reason, code = "Expired", 410


class UnsupportedMediaType(ApiError):
    """The body is of a content type that the verb doesn't take."""

    reason, code = "UnsupportedMediaType", 415


class Invalid(ApiError):
    """The object breaks a rule of validation."""

    reason, code = "Invalid", 422


class InternalError(ApiError):
    """Something that should not happen."""

    reason, code = "InternalError", 500


class ServiceUnavailable(ApiError):
    """The control plane can't answer now."""

    reason, code = "ServiceUnavailable", 503

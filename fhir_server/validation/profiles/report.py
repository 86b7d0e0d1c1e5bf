"""What a check against profiles has found, and what it has not looked at.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from collections import Counter

from fhir_server.errors import Issue

MAX_ISSUES = 100


class Report:
    """Issues in the order of being found, each once, and of each severity a limited number.

    No text repeats a value of the resource.
    """

    __slots__ = ("_seen", "_told", "issues")

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._told: Counter[str] = Counter()

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong."""
        return any(issue.severity == "error" for issue in self.issues)

    def error(self, code: str, path: str, text: str) -> None:
        """A rule is broken at `path`; `text` follows the name of the element in a sentence."""
        self.add(Issue("error", code, f"{path} {text}", (path,)))

    def warning(self, code: str, path: str, text: str) -> None:
        """Something at `path` should be otherwise."""
        self.add(Issue("warning", code, f"{path} {text}", (path,)))

    def unseen(self, text: str, path: str = "") -> None:
        """A rule that was not looked at."""
        self.add(Issue("information", "not-supported", f"Not evaluated: {text}", (path,) if path else ()))

    def add(self, issue: Issue) -> None:
        """Keep the issue unless it, or enough, has been told."""
        # What is not looked at is told once, however often it stands in the resource.
        key = (issue.severity, issue.diagnostics, issue.expression[0] if issue.severity == "error" else "")
        if key not in self._seen and self._told[issue.severity] < MAX_ISSUES:
            self._seen.add(key)
            self._told[issue.severity] += 1
            self.issues.append(issue)

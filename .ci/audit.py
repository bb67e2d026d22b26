"""Looks the pinned versions up among the known vulnerabilities: `python .ci/audit.py constraints-dev.txt`.

Exit status 1 for a vulnerability. What could not be looked up, without a way to the database, is said loudly and is no
failure: pip-audit itself passes over it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PIP_AUDIT = Path(sys.executable).parent / "pip-audit"
TIMEOUT_S = "15"


def audit(requirements: Path) -> int:
    """Audit a file of requirements with hashes; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            PIP_AUDIT,
            "--requirement",
            requirements,
            "--require-hashes",
            "--disable-pip",
            "--timeout",
            TIMEOUT_S,
        ]
        done = subprocess.run(
            [*command, "--progress-spinner", "off", "--format", "json", "--output", report],
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.loads(report.read_text("utf-8")) if report.exists() and report.stat().st_size else None
    if found is None:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return _warn(f"the database of vulnerabilities could not be reached ({reason})")
    return judge(found["dependencies"])


def judge(dependencies: list[dict[str, Any]]) -> int:
    """Print what a report says about each package; returns the exit status."""
    vulnerable = [each for each in dependencies if each.get("vulns")]
    for each in vulnerable:
        for vulnerability in each["vulns"]:
            mended = " or ".join(vulnerability["fix_versions"]) or "no version yet"
            sys.stderr.write(f"{each['name']} {each['version']}: {vulnerability['id']}, mended in {mended}\n")
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    if skipped:
        named = ", ".join(skipped[:5]) + (f" and {len(skipped) - 5} more" if len(skipped) > 5 else "")
        _warn(f"{len(skipped)} of {len(dependencies)} packages were not looked up: {named}")
    if not vulnerable and (looked_up := len(dependencies) - len(skipped)):
        sys.stdout.write(f"No known vulnerability in {looked_up} packages.\n")
    return 1 if vulnerable else 0


def _warn(text: str) -> int:
    line = "!" * 100
    sys.stderr.write(f"{line}\nNOT AUDITED: {text}\n{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))

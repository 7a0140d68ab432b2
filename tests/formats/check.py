"""Checks reports with other people's readers: SARIF and OCSF by their published schemas, OCSF by Prowler's models too, JUnit by
Jenkins' XSD, Markdown as GitHub parses it.

check.py VENV FOLDER: makes the venv if it is missing, then checks every file in the folder. Ends with 3 if this machine cannot
have the readers (no venv module, no way to the package index), with 1 if a report is wrong.
"""

import fcntl
import html.parser
import json
import os
import pathlib
import subprocess
import sys

PACKAGES = ["jsonschema==4.25.1", "lxml==6.1.3", "markdown-it-py[linkify]==4.3.0", "py-ocsf-models==0.10.0"]
HERE = pathlib.Path(__file__).resolve().parent
# The tags that a page of ours has; whatever else appears came from outside.
TAGS = {"h1", "h2", "p", "ul", "li", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}


def venv(folder):
    marker = folder / "flowproof-ready"
    ready = "\n".join([str(folder), *PACKAGES])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (marker.is_file() and marker.read_text() == ready):
            for command in (
                [sys.executable, "-m", "venv", "--clear", folder],
                [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
            ):
                if subprocess.run(command, stdout=sys.stderr).returncode != 0:
                    sys.exit(3)
            marker.write_text(ready)
    return folder / "bin" / "python"


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong, self.code, self.text = [], 0, []

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS or attrs:
            self.wrong.append(f"<{tag} {attrs}>")
        self.code += tag == "code"

    def handle_endtag(self, tag):
        self.code -= tag == "code"

    def handle_comment(self, data):
        self.wrong.append(f"comment {data}")

    def handle_data(self, data):
        self.text.append(data)
        if not self.code and any(bad in data for bad in ("@", "#1", "<", "script", "evil", ":+1:", "$x$")):
            self.wrong.append(f"outside of code: {data!r}")


def schema(name, nothing):
    """A published schema that finds fault with `nothing`, or it would check nothing."""
    from jsonschema.validators import validator_for

    text = (HERE.parent / "schemas" / name).read_text()
    # SARIF's own slip: the pattern of `language`, which we do not write, has a bracket too many.
    document = json.loads(text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$"))
    validator = validator_for(document)(document)
    assert not validator.is_valid(nothing), f"{name} checks nothing"
    return validator


def check(folder):
    from lxml import etree
    from markdown_it import MarkdownIt
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    xsd = etree.XMLSchema(etree.parse(str(HERE.parent / "schemas" / "junit-10.xsd")))
    sarif = schema("sarif-2.1.0.json", {"version": "2.1.0", "runs": [{}]})
    ocsf = schema("ocsf-1.5.0-compliance-finding.json", {"class_uid": 2003})
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    wrong, seen = [], {".xml": 0, ".md": 0, ".jsonl": 0, ".sarif": 0}
    for file in sorted(folder.iterdir()):
        seen[file.suffix] += 1
        if file.suffix == ".xml" and not xsd.validate(etree.parse(str(file))):
            wrong.append(f"{file.name}: {xsd.error_log}")
        if file.suffix == ".sarif":
            wrong += [f"{file.name}: {found.json_path}: {found.message}" for found in sarif.iter_errors(json.loads(file.read_text()))]
        if file.suffix == ".jsonl":
            for line in file.read_text().splitlines():
                ComplianceFinding.model_validate_json(line)
                wrong += [f"{file.name}: {found.json_path}: {found.message}" for found in ocsf.iter_errors(json.loads(line))]
        if file.suffix == ".md":
            page = Page()
            rendered = parser.render(file.read_text())
            page.feed(rendered)
            wrong += [f"{file.name}: {found}" for found in page.wrong]
            rows = [row.split("</tr>")[0].count("<t") for row in rendered.split("<tr>")[1:]]
            widths = set(rows)
            if not widths <= {5, 6, 7, 8}:
                wrong.append(f"{file.name}: rows of {widths} cells")
            if not "".join(page.text).lstrip().startswith(("✗ VIOLATED", "? UNPROVEN", "✓ PROVEN")):
                wrong.append(f"{file.name}: the verdict is not first")
    if min(seen.values()) < 30:
        wrong.append(f"only {seen}")
    return wrong


if __name__ == "__main__":
    place, reports = map(pathlib.Path, sys.argv[1:3])
    if "FLOWPROOF_IN_VENV" not in os.environ:
        python = str(venv(place))
        os.execve(python, [python, *sys.argv], {**os.environ, "FLOWPROOF_IN_VENV": "1"})
    found = check(reports)
    print("\n".join(found[:40]), file=sys.stderr)
    sys.exit(1 if found else 0)

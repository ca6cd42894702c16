"""The report of ``asynction-asgi test``: for people, for programs, for pull requests, for CI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO
from xml.etree import ElementTree as ET

import click

from ...diff.showing import quoted
from ...errors import printable
from ...probe.judge import CODES
from ...spec.readers.examples import written_bytes
from ..report import annotation, colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ...client.remote_client import Arrival
    from ...probe.commands import Commands
    from ...probe.report import Finding, Report
    from ...testing.cases import Case

    Format = Callable[[Report, Commands, TextIO | None], None]

_SHOWN = 3  # events that came
_PLACES = 5  # other places of a finding


def _as_text(report: Report, commands: Commands, file: TextIO | None) -> None:
    """Print each finding with its place, what was sent and came back, and a line to try it; then a summary."""
    with_colour = file is None and colour(err=False)
    for finding in report.findings:
        place = click.style(printable(str(finding.suspect.place)), bold=True)
        code = click.style(f"{finding.suspect.code}:", fg="red", bold=True)
        click.echo(f"{place}: {code} {printable(finding.suspect.message)}", file=file, color=with_colour)
        for line in _details(finding):
            click.echo(f"  {line}", file=file)
    for finding in report.flaky:
        place = printable(str(finding.suspect.place))
        message = f"{finding.suspect.code} did not repeat on a new connection: {finding.suspect.message}"
        click.echo(
            f"{place}: {click.style('info:', fg='cyan')} {printable(message)}", file=file, color=with_colour
        )
    for line in _summary(report, commands):
        click.echo(line, file=file)


def _details(finding: Finding) -> Iterator[str]:
    """Yield lines about what was sent, what came back, and how to see it."""
    for case in finding.before or ((finding.case,) if finding.case is not None else ()):
        yield f"sent: {_sent(case)}"
    if finding.exchange is not None and not finding.before:
        yield from (f"came: {came}" for came in _came(finding))
    if finding.count > 1:
        places = f", also at {printable(', '.join(finding.pointers[:_PLACES]))}" if finding.pointers else ""
        yield f"{_count(finding.count - 1, 'more case')} like this{places}"
    yield from (f"try: {printable(line)}" for line in finding.command.splitlines())


def _sent(case: Case) -> str:
    return f"{printable(case.event)} {quoted(case.arguments)}"


def _came(finding: Finding) -> Iterator[str]:
    exchange = finding.exchange
    assert exchange is not None  # noqa: S101  # the caller has looked
    if exchange.answer is not None:
        yield f"acknowledged: {quoted(exchange.answer)}"
    else:
        yield "no acknowledgement"
    suspect = finding.suspect
    about = [arrival for arrival in exchange.arrivals if arrival.event.startswith(suspect.event)]
    yield from map(_arrival, (about or list(exchange.arrivals))[:_SHOWN])
    if suspect.is_overheard:
        yield f"another client received {printable(suspect.event)}"


def _arrival(arrival: Arrival) -> str:
    return f"{printable(arrival.event[:100])} {quoted(arrival.arguments)}"


def _summary(report: Report, commands: Commands) -> Iterator[str]:
    """Yield what was done and what could not be judged."""
    findings = _count(len(report.findings), "finding") if report.findings else "nothing found"
    cases = _count(sum(report.tried.values()), "case")
    yield (
        f"{findings}; {cases} of {report.planned}, {_count(report.sent, 'event')} in {report.seconds:.1f} s, seed"
        f" {report.seed}; {len(report.tried)} keywords tried, {report.tally.covered} of"
        f" {len(report.tally.items)} parts of the contract exercised"
    )
    if report.stopped is not None:
        yield f"stopped early: {printable(report.stopped)}"
    for name, reason in report.untested.items():
        yield f"not tested: {printable(name)}, which refuses the connection: {printable(reason)}"
    if report.by_state:
        codes = ", ".join(f"{printable(code)} {count}" for code, count in report.by_state.most_common())
        yield f"refused by state, which is not a finding: {codes}; use --before to emit what must come first"
    if report.unobservable:
        yield f"not observable: {_count(report.unobservable, 'fault')} had no answer, and the document declares none"
    if report.slow:
        yield f"slow: {_count(report.slow, 'answer')} arrived only after a longer wait"
    if report.limited:
        yield f"left out: {_count(report.limited, 'case')} that a rate limit of the document would delay too long"
    if report.skipped:
        yield f"left out: {_count(report.skipped, 'case')} like those already found three times"
    if commands.variables and report.findings:
        names = ", ".join(f"{name} ({what})" for name, what in commands.variables.items())
        yield f"before you try a line, export {printable(names)}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _as_json(report: Report, commands: Commands, file: TextIO | None) -> None:
    """Print one object: findings, what did not repeat, and what was counted."""
    body = {
        "findings": [_json(finding) for finding in report.findings],
        "flaky": [_json(finding) for finding in report.flaky],
        "variables": commands.variables,
        **report.as_json(),
    }
    # ASCII only: the output is the same on every terminal and in every locale.
    click.echo(json.dumps(body, indent=2, default=written_bytes), file=file)


def _json(finding: Finding) -> dict[str, Any]:
    suspect, case, exchange = finding.suspect, finding.case, finding.exchange
    place = suspect.place
    return {
        "code": suspect.code,
        "message": suspect.message,
        "namespace": suspect.namespace,
        "event": suspect.event,
        "pointer": suspect.pointer,
        "keyword": suspect.keyword,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "sent": None
        if case is None
        else {"event": case.event, "args": case.arguments, "valid": case.is_valid},
        "came": None
        if exchange is None
        else {
            "ack": exchange.answer,
            "events": [{"event": arrival.event, "args": arrival.arguments} for arrival in exchange.arrivals],
            "closed": exchange.ended,
        },
        "overheard": suspect.is_overheard,
        "before": [{"event": sent.event, "args": sent.arguments} for sent in finding.before],
        "count": finding.count,
        "pointers": finding.pointers,
        "try": finding.command or None,
    }


def _as_github(report: Report, commands: Commands, file: TextIO | None) -> None:
    """Print workflow commands at the places of the document, and the summary as a notice."""
    for severity, findings in (("error", report.findings), ("notice", report.flaky)):
        for finding in findings:
            place = finding.suspect.place
            message = "\n".join([finding.suspect.message, *_details(finding)])
            click.echo(
                annotation(
                    severity,
                    message,
                    file=place.file,
                    line=place.line,
                    col=place.column,
                    title=finding.suspect.code,
                ),
                file=file,
            )
    click.echo(
        annotation("notice", "\n".join(_summary(report, commands)), title="asynction-asgi test"), file=file
    )


def _as_junit(report: Report, commands: Commands, file: TextIO | None) -> None:
    """Print a test case per event and keyword, for the tools that draw tables of tests."""
    cases: dict[tuple[str, str, str], list[Finding]] = {key: [] for key in report.tried}
    for finding in report.findings:
        suspect, case = finding.suspect, finding.case
        key = (suspect.namespace, suspect.event, suspect.keyword)
        if case is not None and key not in cases and suspect.code != "SERVER_DOWN":
            key = (case.namespace, case.event, case.keyword) if suspect.event == case.event else key
        cases.setdefault(key, []).append(finding)
    failed = sum(map(bool, cases.values()))
    root = ET.Element("testsuites", name="asynction-asgi test", tests=str(len(cases)), failures=str(failed))
    for namespace in dict.fromkeys(key[0] for key in cases):
        own = {key: found for key, found in cases.items() if key[0] == namespace}
        suite = ET.SubElement(
            root,
            "testsuite",
            name=printable(namespace),
            tests=str(len(own)),
            failures=str(sum(map(bool, own.values()))),
            time=f"{report.seconds:.3f}",
        )
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="seed", value=str(report.seed))
        for (_, event, keyword), found in own.items():
            name = printable(f"{event} {keyword}".rstrip())
            test = ET.SubElement(suite, "testcase", classname=printable(namespace), name=name, time="0")
            for finding in found:
                failure = ET.SubElement(
                    test,
                    "failure",
                    type=finding.suspect.code,
                    message=printable(f"{CODES[finding.suspect.code]}: {finding.suspect.message}"),
                )
                place = printable(str(finding.suspect.place))
                failure.text = "\n".join([place, *_details(finding)])
        output = ET.SubElement(suite, "system-out")
        output.text = "\n".join(_summary(report, commands))
    ET.indent(root)
    click.echo(ET.tostring(root, encoding="unicode", xml_declaration=True), file=file)


FORMATS: Mapping[str, Format] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_github,
    "junit": _as_junit,
}

"""The card of one event, seen from the client: what it emits, and what it receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spec.readers.examples import declared_examples
from .access import rate_line, security_list
from .argument_lists import argument_list, argument_names, example_figure
from .client_code import REFUSALS
from .elements import element, link
from .markdown import markdown
from .snippets import snippets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from ..spec.instances import Examples
    from ..spec.model import Event, Namespace, Spec
    from .schema_trees import SchemaTrees


def card(
    event: Event,
    namespace: Namespace,
    anchor: str,
    spec: Spec,
    *,
    trees: SchemaTrees,
    examples: Examples,
    emits: bool,
) -> Element:
    """Describe everything that a client's author must know of an event.

    Args:
        event: The event.
        namespace: Where it is declared.
        anchor: The card's place in links.
        spec: The contract.
        trees: Shows its schemas.
        examples: Makes those that the author didn't write.
        emits: Whether the client emits it or receives it.
    """
    word = "emit" if emits else "on"
    message = event.message
    head = element(
        "h4",
        element("span", word, class_=f"badge {word}"),
        " ",
        element("code", event.name),
        element("span", "ack", class_="badge ack") if event.ack is not None else None,
        element("span", "deprecated", class_="badge") if _is_deprecated(event) else None,
        " ",
        element("a", href=f"#{anchor}", aria_label=f"Link to {event.name}", class_="anchor"),
    )
    title = message.get("summary") or message.get("title")
    answers = (
        ("The server answers with, or with ", element("a", "a refusal", href=f"#{REFUSALS}"))
        if emits
        else ("The client must answer with",)
    )
    return element(
        "article",
        head,
        element("p", title) if isinstance(title, str) and title else None,
        markdown(message.get("description")),
        _tags(message.get("tags")),
        _more(message.get("externalDocs")),
        *security_list(event.security, spec, caption="This event needs"),
        *rate_line(event.rate, subject="this event"),
        element(
            "section",
            element("p", "Arguments", class_="label"),
            *argument_list(event.arguments, spec, trees),
            class_="arguments",
        ),
        element(
            "section",
            element("p", *answers, class_="label"),
            *argument_list(event.ack, spec, trees),
            class_="ack",
        )
        if event.ack is not None
        else None,
        *_examples(event, namespace, spec, examples, emits=emits),
        id=anchor,
        class_="card",
        data_event=event.name,
        data_namespace=namespace.name,
        data_direction=word,
    )


def _examples(
    event: Event, namespace: Namespace, spec: Spec, examples: Examples, *, emits: bool
) -> Iterator[Element]:
    declared = list(declared_examples(event, spec))
    for name, shown in declared:
        yield example_figure(f"Example: {name}" if name else "Example", shown)
    values = declared[0][1] if declared else examples.arguments(event.arguments)
    if values is not None and not declared:
        yield example_figure("Generated example", values)
    if event.ack is not None:
        answer = examples.arguments(event.ack)
        if answer is not None:
            figure = example_figure("Generated acknowledgement", answer)
            figure.set("class", "answer")
            yield figure
    names = argument_names(event.arguments, spec)
    code = snippets(
        event.name,
        namespace.name,
        values or (),
        names,
        emits=emits,
        acks=event.ack is not None,
        offset=namespace.recovery is not None and namespace.recovery.offset == "argument",
    )
    blocks = [element("pre", element("code", text), aria_label=language) for language, text in code]
    yield element("details", element("summary", "Client code: JavaScript, Python"), *blocks)


def _is_deprecated(event: Event) -> bool:
    """Return whether an event's payload is deprecated; AsyncAPI can say so of schemas alone."""
    schema = event.arguments.schema
    return schema is not None and isinstance(schema.value, dict) and schema.value.get("deprecated") is True


def _tags(tags: object) -> Element | None:
    names = (
        [tag["name"] for tag in tags if isinstance(tag, dict) and "name" in tag]
        if isinstance(tags, list)
        else []
    )
    return element("p", f"Tags: {', '.join(map(str, names))}", class_="tags") if names else None


def _more(external: object) -> Element | None:
    if not isinstance(external, dict) or not isinstance(external.get("url"), str):
        return None
    return element("p", "See also ", link(external["url"], external["url"]), ".")

"""Handlers and emits of python-socketio as a document that names the same functions."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..drafts import DraftNamespace, argument_list, draft_document
from ..server.conversion.annotations import UNRESOLVED
from ..server.conversion.converter import UnsupportedError
from ..server.conversion.schemas import SCHEMAS, AnnotationSchemas
from ..server.places import place_of
from ..spec.model import ANY_NAMESPACE
from ..spec.model.by_event import WILDCARD
from ..spec.readers.assembly import RESERVED
from ..spec.readers.reading import LIFECYCLE
from ..spec.text.yaml import dump_yaml
from .emits import find_emits, modules_of
from .handlers import EMPTY, Handler, read_handler
from .notes import Note
from .paths import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..drafts import Version
    from ..server.conversion.converter import Use
    from .emits import Emitted
    from .handlers import Answer, Argument, Form
    from .served import Served

    Schema = Mapping[str, Any]

_NOT_DECLARED = (
    "a handler of all namespaces, which a document names one by one; declare those that clients use"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A document, and what it leaves open.

    Attributes:
        text: YAML.
        notes: By place in the code; each says what to do.
    """

    text: str
    notes: tuple[Note, ...]


def export_document(served: Served, *, modules: Iterable[str], version: Version, title: str) -> Exported:
    """Return a document of what servers and namespaces serve.

    Args:
        served: Their handlers.
        modules: Names of modules to look for handlers and emits in, besides those of the handlers.
        version: Of AsyncAPI.
        title: Of the document.
    """
    handlers = [
        read_handler(namespace, event, function)
        for namespace, events in sorted(served.handlers.items())
        for event, function in sorted(events.items())
        if namespace != ANY_NAMESPACE and event
    ]
    modules = list(dict.fromkeys([*modules, *modules_of(served)]))
    writer = _Writer(handlers, modules)
    writer.notes += [
        Note(place_of(function), _NOT_DECLARED)
        for function in served.handlers.get(ANY_NAMESPACE, {}).values()
    ]
    writer.notes += [
        Note(place_of(events[""]), "an event needs a name to be declared; give it one")
        for events in served.handlers.values()
        if "" in events
    ]
    channels: dict[str, dict[str, Any]] = {
        name: {} for name in sorted(served.handlers) if name != ANY_NAMESPACE
    }
    received: dict[str, list[Schema]] = {name: [] for name in channels}
    for handler in handlers:
        if handler.event in LIFECYCLE:
            channels[handler.namespace].update(writer.lifecycle(handler, channels[handler.namespace]))
        else:
            received[handler.namespace].append(writer.received(handler))
    sent = writer.sent(find_emits(served, modules))
    drafts = {
        name: DraftNamespace(
            fields=channels.get(name, {}),
            messages={"inbound": received.get(name, []), "outbound": sent.get(name, [])},
        )
        for name in sorted({*channels, *sent})
    }
    body = draft_document(
        drafts,
        version=version,
        info={"title": title, "version": "0.1.0"},
        path=served.path,
        schemas=writer.schemas.components,
    )
    return Exported(text=dump_yaml(body), notes=tuple(sorted(writer.notes)))


class _Writer:
    """Writes messages, and keeps a note of all that it leaves open.

    Attributes:
        schemas: Those of all annotations.
        notes: What is open.
    """

    def __init__(self, handlers: Sequence[Handler], modules: Sequence[str]) -> None:
        self.schemas = AnnotationSchemas([pair for handler in handlers for pair in handler.annotations()])
        self.notes: list[Note] = []
        self._modules = modules

    def lifecycle(self, handler: Handler, known: Schema) -> dict[str, Any]:
        """Return the fields of a channel, `known` so far, with a handler of connections."""
        path = self._path(handler)
        fields: dict[str, Any] = (
            {} if path is None else {"x-handlers": {**known.get("x-handlers", {}), handler.event: path}}
        )
        if handler.auth is not None:
            schema = self._argument(handler, handler.auth, f"x-auth of {handler.namespace}")
            if schema:
                fields["x-auth"] = schema
        return fields

    def received(self, handler: Handler) -> dict[str, Any]:
        """Return the message of an event that clients emit."""
        message: dict[str, Any] = {"name": handler.event}
        if documentation := inspect.getdoc(handler.function):
            message["summary"] = documentation.partition("\n")[0]
        where = f"the payload of {handler.event!r} in {handler.namespace}"
        if handler.arguments is not None:
            payload = self._payload(handler, handler.arguments, where)
            if payload is not None:
                message["payload"] = payload
        acknowledgement = self._answer(handler, handler.answer)
        if acknowledgement is not None:
            message["x-ack"] = acknowledgement
        path = self._path(handler)
        return message if path is None else {**message, "x-handler": path}

    def sent(self, found: Iterable[Emitted | Note]) -> dict[str, list[Schema]]:
        """Return the messages of events that the server emits, by namespace."""
        sent: dict[str, dict[str, dict[str, Any]]] = {}
        for emitted in found:
            if isinstance(emitted, Note):
                self.notes.append(emitted)
            elif emitted.event is None or not emitted.namespaces:
                what = "event" if emitted.event is None else "namespace"
                text = f"the name of the {what} is computed; declare what is emitted here"
                self.notes.append(Note(emitted.place, text))
            elif emitted.event in (*RESERVED, WILDCARD, ""):
                text = f"{emitted.event!r} is reserved by Socket.IO; rename it"
                self.notes.append(Note(emitted.place, text))
            else:
                for namespace in emitted.namespaces:
                    messages = sent.setdefault(namespace, {})
                    if emitted.event not in messages:
                        messages[emitted.event] = {"name": emitted.event}
                        text = (
                            f"nothing says what {emitted.event!r} carries; fill in its payload in {namespace}"
                        )
                        self.notes.append(Note(emitted.place, text))
                    if emitted.awaits_ack:
                        messages[emitted.event]["x-ack"] = True
        return {
            namespace: [messages[name] for name in sorted(messages)] for namespace, messages in sent.items()
        }

    def _path(self, handler: Handler) -> str | None:
        path = path_of(handler.function, self._modules)
        if path is None and inspect.ismethod(handler.function):
            owner = type(handler.function.__self__).__name__
            self._note(
                handler,
                f"no module has a name for the object of the handler of {handler.event!r}; give it one, as in"
                f" {owner.lower()} = {owner}({handler.namespace!r}), or attach it by"
                " app.register_namespace",
            )
        elif path is None:
            self._note(
                handler,
                f"no dotted path leads to the handler of {handler.event!r}; define it at the top of a module,"
                " or attach it with @app.on",
            )
        return path

    def _payload(self, handler: Handler, arguments: Sequence[Argument], where: str) -> Schema | None:
        schemas = [self._argument(handler, argument, where) for argument in arguments]
        if arguments and arguments[-1].takes_rest:
            if len(schemas) == 1 and not schemas[0]:
                return None
            *schemas, rest = schemas
        elif len(arguments) == 1 and arguments[0].is_required:
            return self._single(schemas[0])
        else:
            rest = None
        least = sum(argument.is_required and not argument.takes_rest for argument in arguments)
        return argument_list(schemas, least=least, rest=False if rest is None else rest)

    def _argument(self, handler: Handler, argument: Argument, where: str) -> Schema:
        """Return the schema of a parameter, ``{}`` with a note if nothing says what it takes."""
        what = f"parameter {argument.name!r} of {handler.name}"
        if argument.annotation is EMPTY:
            self._note(handler, f"{what} has no annotation; add one, or fill in {where}")
        elif argument.annotation is UNRESOLVED:
            self._note(
                handler,
                f"the annotation of {what} can't be resolved; import its names outside TYPE_CHECKING,"
                f" or fill in {where}",
            )
        else:
            return self._schema(handler, argument.annotation, "validation", what, where)
        return {}

    def _schema(self, handler: Handler, annotation: Any, use: Use, what: str, where: str) -> Schema:
        try:
            return self.schemas.of(annotation, use)
        except UnsupportedError as error:
            self._note(handler, f"{what}: {error}; fill in {where}")
            return {}

    def _answer(self, handler: Handler, answer: Answer) -> Any:
        """Return the ``x-ack`` of a handler, or None if its acknowledgement is empty."""
        where = f"the x-ack of {handler.event!r} in {handler.namespace}"
        if answer.is_open:
            if answer.why:
                self._note(handler, f"{handler.name}: {answer.why}, or fill in {where}")
            return True
        if not answer.forms:
            return None
        forms = [self._form(handler, form, where) for form in answer.forms]
        if {} in forms:
            return True
        is_single = not answer.forms[0].is_list
        if len(forms) == 1 and not answer.may_be_none:
            return {"args": self._single(forms[0]) if is_single else forms[0]}
        if len(forms) == 1 and is_single:
            return {"args": argument_list(forms, least=0)}
        lists = [argument_list(forms[:1], least=1), *forms[1:]] if is_single else forms
        return {"args": {"anyOf": [*lists, argument_list([], least=0)] if answer.may_be_none else lists}}

    def _form(self, handler: Handler, form: Form, where: str) -> Schema:
        what = f"what {handler.name} returns"
        schema = self._schema(handler, form.annotation, "serialization", what, where)
        if form.is_list and isinstance(schema.get("items"), dict):  # of any length, which is no tuple schema
            return argument_list([], least=0, rest=schema["items"])
        return schema

    def _single(self, schema: Schema) -> Schema:
        """Return what declares one argument, whose schema would mean several if it is a tuple's."""
        return argument_list([schema], least=1) if self._may_be_tuple(schema, set()) else schema

    def _may_be_tuple(self, schema: Any, seen: set[str]) -> bool:
        if not isinstance(schema, dict):
            return False
        if "prefixItems" in schema or schema.get("maxItems") == 0:
            return True
        name = str(schema.get("$ref", "")).removeprefix(SCHEMAS)
        branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if name in self.schemas.components and name not in seen:
            branches.append(self.schemas.components[name])
            seen.add(name)
        return any(self._may_be_tuple(branch, seen) for branch in branches)

    def _note(self, handler: Handler, text: str) -> None:
        self.notes.append(Note(handler.place, text))

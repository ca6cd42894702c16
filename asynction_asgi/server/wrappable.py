"""Check the option ``app``: is it an ASGI application, or does it only look like one?"""

from __future__ import annotations

import inspect

_TAKES = "app takes an ASGI application, which is called with (scope, receive, send)"


def check_asgi(application: object) -> None:
    """Refuse WSGI applications, classes, factories and names, which would fail at the first request.

    None, and objects without a signature, are accepted.

    Raises:
        TypeError: The application can't be called with scope, receive and send.
    """
    if application is None:
        return
    if not callable(application):
        raise TypeError(f"{_TAKES}; this is {type(application).__name__}, which is not callable")
    name = getattr(application, "__name__", type(application).__name__)
    if inspect.isclass(application) and not hasattr(application, "__await__"):
        raise TypeError(f"{_TAKES}; {name} is a class: pass an instance of it")
    try:
        signature = inspect.signature(application)
    except (TypeError, ValueError):
        return
    variadic = any(
        parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in signature.parameters.values()
    )
    if _takes(signature, 0) and not variadic:
        raise TypeError(f"{_TAKES}; {name} can be called without arguments: if it makes one, pass {name}()")
    if _takes(signature, 3):
        return
    names = ", ".join(signature.parameters)
    raise TypeError(f"{_TAKES}; {name} takes ({names}){_cure(signature)}")


def _cure(signature: inspect.Signature) -> str:
    if _takes(signature, 2):
        return (
            ", as a WSGI application does (Flask, Django's get_wsgi_application):"
            " wrap it, for example in a2wsgi.WSGIMiddleware"
        )
    if _takes(signature, 1):
        return (
            ", as an application of ASGI 2 does: wrap it in asgiref.compatibility.guarantee_single_callable"
        )
    return ""


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True

"""The one API of a site: all mounted routers, behind the same guard, in one document."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path, reverse
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.openapi.urls import get_openapi_urls
from ninja.operation import Operation
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder
from ninja.router import Router

from opsconsole.api import etags, mishaps
from opsconsole.api.admitting import BearerToken
from opsconsole.api.bodies import StrictParser
from opsconsole.api.configuration import configuration
from opsconsole.api.documenting import complete
from opsconsole.api.guarding import entered, guarded, nowhere
from opsconsole.api.mounting import Mount, mounts
from opsconsole.api.problems import refuse_too_many_errors
from opsconsole.kernel.encoding import storable

NAMESPACE = "ops_api"
DOCUMENT, PAGE = "/api/openapi.json", "/api/docs"
DESCRIPTION = """What the console shows and does, for programs.

Errors are problem details (RFC 9457). A POST with an `Idempotency-Key` is done once. Lists go on at `next`. Single
resources carry an `ETag`. Times are RFC 3339 with a zone, identifiers UUIDs.
"""


class Encoder(NinjaJSONEncoder):
    """Times to the microsecond, as PostgreSQL has them."""

    def default(self, o: Any) -> Any:
        return o.isoformat().replace("+00:00", "Z") if hasattr(o, "isoformat") else super().default(o)


class Renderer(JSONRenderer):
    encoder_class = Encoder


class Documentation(Swagger):
    """As light or dark as the console, and with a way back to it."""

    template = "ops_api/docs.html"


class Api(NinjaAPI):
    """`taken` are the mounted routers."""

    def __init__(self, taken: list[Mount]) -> None:
        super().__init__(
            title="opsconsole", version="1", description=DESCRIPTION, openapi_url=DOCUMENT, docs_url=PAGE,
            docs=Documentation(),
            urls_namespace=NAMESPACE, auth=BearerToken(), parser=StrictParser(), renderer=Renderer(),
        )  # fmt: skip
        self.add_decorator(guarded, mode="view")
        self.add_exception_handler(Exception, mishaps.answer_to)  # type: ignore[arg-type]
        self.tag_of: dict[int, str] = {}
        self.documents: dict[tuple[str, bool], tuple[OpenAPISchema, bytes]] = {}
        for mount in taken:
            self.tag_of |= {id(operation.view_func): mount.tag for operation in _operations_of(mount.router)}
            self.add_router(mount.prefix, mount.router, tags=[mount.tag], url_name_prefix=_word(mount.tag))

    def set_default_exception_handlers(self) -> None:
        """None of ninja's: `mishaps` knows them all."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        for context in error_contexts:
            refuse_too_many_errors(context.pydantic_validation_error, context.model.__ninja_param_source__)
        return super().validation_error_from_error_contexts(error_contexts)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return f"{_word(self.tag_of[id(operation.view_func)])}_{operation.view_func.__name__.strip('_')}"

    def get_root_path(self, path_params: dict[str, Any]) -> str:
        return reverse(f"{NAMESPACE}:openapi-json").removesuffix(DOCUMENT.lstrip("/"))

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        return self._document()[0]

    def show_document(self, request: HttpRequest, **parts: Any) -> HttpResponseBase:
        return etags.tagged(request, HttpResponse(self._document()[1], content_type="application/json"))

    def _document(self) -> tuple[OpenAPISchema, bytes]:
        """Also as it is sent. Made once, for it takes a second; what it says of tokens depends on a setting."""
        root, is_open = self.get_root_path({}), configuration().open_on_loopback
        if (root, is_open) not in self.documents:
            document = super().get_openapi_schema()
            complete(document, {(_joined(root, path), method): found for path, method, found in self.operations()})
            written = json.dumps(document, cls=NinjaJSONEncoder, separators=(",", ":")).encode()
            self.documents[root, is_open] = document, written
        return self.documents[root, is_open]

    def operations(self) -> Iterator[tuple[str, str, Operation]]:
        """Every operation with its path below the API's root, and its method in small letters."""
        for bound in self._get_bound_routers():
            for path, view in bound.path_operations.items():
                for operation in view.operations:
                    for method in operation.methods:
                        yield _joined(bound.prefix, path), method.lower(), operation

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        """ninja's, each behind our door; what leads to nothing below one of ours is a problem, too."""
        patterns = [*get_openapi_urls(self)]
        for pattern in patterns:
            if pattern.name == "openapi-json":
                pattern.callback = self.show_document
        for bound in self._get_bound_routers():
            patterns += bound.urls_paths(bound.prefix)
        for pattern in patterns:
            pattern.callback = entered(pattern.callback)
        roots = {path.strip("/").partition("/")[0] for path, *_ in self.operations()} | {"api"}
        below = "|".join(sorted(map(re.escape, roots)))
        return [*patterns, re_path(f"^(?:{below})(?:/.*)?$", entered(nowhere))]


@cache
def api() -> Api:
    return Api(list(mounts()))


def _operations_of(router: Router) -> Iterator[Operation]:
    for view in router.path_operations.values():
        yield from view.operations
    for _, inner, _ in router._routers:
        yield from _operations_of(inner)


def _joined(prefix: str, path: str) -> str:
    """As the document writes paths: without converters, and never two slashes."""
    joined = re.sub(r"{[^}:]+:", "{", f"/{prefix}/{path}")
    return re.sub(r"/{2,}", "/", joined).rstrip("/") or "/"


def _word(tag: str) -> str:
    return storable(re.sub(r"\W+", "_", tag.lower()).strip("_"))

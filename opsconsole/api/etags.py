"""What has not changed is not sent again."""

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags


def tagged(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer to a GET with its ETag, or 304 when the caller has it already."""
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        return response
    tag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    wanted = parse_etags(request.headers.get("If-None-Match", ""))
    if wanted == ["*"] or tag in {one.removeprefix("W/") for one in wanted}:
        return HttpResponseNotModified(headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response

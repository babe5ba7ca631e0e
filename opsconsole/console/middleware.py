"""What every request of a site with the console needs: a strict content policy, and a name for who acts."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from opsconsole.kernel.tracing import Cause, acting_for

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")
DJANGOS_OWN = "django.middleware.csp.ContentSecurityPolicyMiddleware"


class ContentSecurityPolicy:
    """Nothing inline, nothing from elsewhere. Steps aside for Django's own middleware and for a policy
    that the view has set."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_wanted = DJANGOS_OWN not in settings.MIDDLEWARE

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if self.is_wanted and not any(header in response for header in HEADERS):
            response.headers["Content-Security-Policy"] = POLICY
        return response


class ActingUser:
    """Whatever the request emits or sends is caused by its user."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return self.get_response(request)
        with acting_for(Cause(kind="user", metadata={"actor": user.get_username()})):
            return self.get_response(request)

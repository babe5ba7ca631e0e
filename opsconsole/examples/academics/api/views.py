"""Found an institution, publish an activity."""

from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse

from opsconsole.examples.academics.api.bodies import NewActivity, NewInstitution, read
from opsconsole.examples.academics.api.opening import endpoint
from opsconsole.examples.academics.api.problems import Problem, refused_by_rules
from opsconsole.examples.academics.founding import found_institution
from opsconsole.examples.academics.models import Activity, ClassGroup, Institution
from opsconsole.examples.academics.publishing import publish_activity


@endpoint
def institutions(request: HttpRequest) -> JsonResponse:
    """POST {"name"}: 201 {"id", "event_id"}; 409 when the name is taken."""
    body = read(request, NewInstitution)
    institution = Institution(name=body.name, slug=Institution.slug_for(body.name))
    try:
        with transaction.atomic():
            institution.full_clean()
            event_id = found_institution(institution)
    except ValidationError as error:
        raise refused_by_rules(error) from error
    except IntegrityError as error:  # somebody else was faster
        raise Problem(HTTPStatus.CONFLICT, "There is an institution of this name already.") from error
    return JsonResponse({"id": institution.pk, "event_id": event_id}, status=HTTPStatus.CREATED)


@endpoint
def activities(request: HttpRequest) -> JsonResponse:
    """POST {"class_id", "title", "due_on", …}: 201 {"id", "event_id"}."""
    body = read(request, NewActivity)
    group = ClassGroup.objects.filter(pk=body.class_id).first()
    if group is None:
        unknown = {"field": "class_id", "message": f"There is no class {body.class_id}."}
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, unknown["message"], [unknown])
    activity = Activity(class_group=group, **body.model_dump(exclude={"class_id"}))
    try:
        with transaction.atomic():
            activity.full_clean()
            event_id = publish_activity(activity)
    except ValidationError as error:
        raise refused_by_rules(error) from error
    except IntegrityError as error:
        raise Problem(HTTPStatus.CONFLICT, "The class was removed meanwhile.") from error
    return JsonResponse({"id": activity.pk, "event_id": event_id}, status=HTTPStatus.CREATED)

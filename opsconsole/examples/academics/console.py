"""What the operations console asks this app: the names of its tenants."""

from opsconsole.examples.academics.models import Institution


def tenant_labels() -> dict[str, str]:
    """Each tenant with the name of its institution."""
    return {str(pk): name for pk, name in Institution.objects.values_list("pk", "name")}

"""The nine courses of a new institution; two of them with a curriculum."""

from opsconsole.examples.academics.models import Course

SYSTEMS = "Análise e Desenvolvimento de Sistemas"
LAW = "Direito"

COURSES: tuple[tuple[str, Course.Degree], ...] = (
    ("Administração", Course.Degree.BACHELOR),
    (SYSTEMS, Course.Degree.TECHNOLOGIST),
    ("Arquitetura e Urbanismo", Course.Degree.BACHELOR),
    ("Ciência da Computação", Course.Degree.BACHELOR),
    ("Ciências Contábeis", Course.Degree.BACHELOR),
    (LAW, Course.Degree.BACHELOR),
    ("Enfermagem", Course.Degree.BACHELOR),
    ("Pedagogia", Course.Degree.LICENTIATE),
    ("Psicologia", Course.Degree.BACHELOR),
)

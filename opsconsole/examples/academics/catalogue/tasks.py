"""Activities that a teacher may set, by kind."""

from opsconsole.examples.academics.models import Activity

Kind = Activity.Kind
TASKS: tuple[tuple[Kind, str, str], ...] = (
    (Kind.EXAM, "Prova escrita", "Conteúdo das últimas seis aulas, individual e sem consulta."),
    (Kind.EXAM, "Prova prática em laboratório", "Tragam o ambiente de desenvolvimento pronto."),
    (Kind.WORK, "Lista de exercícios", "Resolvam todas as questões; a quinta vale o dobro."),
    (Kind.WORK, "Resenha crítica", "Duas páginas sobre o artigo discutido em sala."),
    (Kind.WORK, "Estudo de caso", "Em duplas, com as referências ao final."),
    (Kind.PRESENTATION, "Seminário", "Grupos de quatro, quinze minutos cada."),
    (Kind.PRESENTATION, "Apresentação do protótipo", "Mostrem o que funciona e contem o que não funcionou."),
    (Kind.PROJECT, "Entrega parcial do projeto", "Repositório, instruções de execução e um texto curto."),
    (Kind.PROJECT, "Projeto final", "Avaliado pelo grupo e por um professor convidado."),
)

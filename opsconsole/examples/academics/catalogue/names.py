"""Names of people, and the addresses made of them."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from django.utils.text import slugify

FIRST = (
    "Adriana", "Alice", "Amanda", "Antônio", "Arthur", "Beatriz", "Benedito", "Bianca", "Caio", "Camila",
    "Cecília", "Cláudia", "Daniel", "Débora", "Diego", "Edson", "Eduarda", "Elisa", "Emanuel", "Fábio",
    "Fernanda", "Flávio", "Gabriel", "Giovana", "Gustavo", "Helena", "Henrique", "Heitor", "Iara", "Igor",
    "Ingrid", "Isabela", "Joana", "João", "José", "Júlia", "Kátia", "Lara", "Laura", "Leandro", "Letícia",
    "Lívia", "Lorena", "Luana", "Lucas", "Luíza", "Manuela", "Marcelo", "Márcia", "Maria", "Mariana",
    "Mateus", "Miguel", "Murilo", "Natália", "Nicolas", "Otávio", "Paula", "Pedro", "Rafael", "Raquel",
    "Renata", "Ricardo", "Rodrigo", "Samuel", "Sofia", "Tainá", "Thiago", "Valentina", "Vinícius",
    "Vitória", "Yasmin",
)  # fmt: skip
FAMILY = (
    "Albuquerque", "Almeida", "Alves", "Andrade", "Araújo", "Azevedo", "Barbosa", "Barros", "Batista",
    "Bezerra", "Borges", "Brandão", "Campos", "Cardoso", "Carvalho", "Cavalcanti", "Coelho", "Correia",
    "Costa", "Cunha", "Dias", "Duarte", "Farias", "Fernandes", "Ferreira", "Fonseca", "Freitas", "Gomes",
    "Gonçalves", "Lacerda", "Leite", "Lima", "Lopes", "Macedo", "Machado", "Magalhães", "Marques",
    "Martins", "Melo", "Mendes", "Monteiro", "Moraes", "Moreira", "Moura", "Nascimento", "Nogueira",
    "Nunes", "Oliveira", "Pacheco", "Pereira", "Pinheiro", "Pinto", "Queiroz", "Ramos", "Rezende",
    "Ribeiro", "Rocha", "Sales", "Sampaio", "Santana", "Santos", "Silva", "Siqueira", "Souza", "Tavares",
    "Teixeira", "Vasconcelos", "Vieira", "Xavier",
)  # fmt: skip


class Identity(NamedTuple):
    name: str
    email: str


def identities(random: Random, domain: str, *, taken: set[str] | None = None) -> Iterator[Identity]:
    """People without end, each with an address under `domain`, which is none of the `taken` ones."""
    addresses = set(taken or ())
    while True:
        name = f"{random.choice(FIRST)} {random.choice(FAMILY)} {random.choice(FAMILY)}"
        local = slugify(name).replace("-", ".")
        email, number = f"{local}@{domain}", 1
        while email in addresses:
            number += 1
            email = f"{local}{number}@{domain}"
        addresses.add(email)
        yield Identity(name, email)

"""Where campuses stand: names, cities, states."""

from typing import NamedTuple


class Place(NamedTuple):
    name: str
    city: str
    state: str


PLACES = (
    Place("Campus Agreste", "Caruaru", "PE"),
    Place("Campus Suassuna", "Recife", "PE"),
    Place("Campus Borborema", "Campina Grande", "PB"),
    Place("Campus Cariri", "Juazeiro do Norte", "CE"),
    Place("Campus Sertão", "Petrolina", "PE"),
    Place("Campus Potengi", "Natal", "RN"),
    Place("Campus Recôncavo", "Cachoeira", "BA"),
    Place("Campus Mantiqueira", "Juiz de Fora", "MG"),
    Place("Campus Serra Gaúcha", "Caxias do Sul", "RS"),
    Place("Campus Vale do Itajaí", "Blumenau", "SC"),
    Place("Campus Pantanal", "Corumbá", "MS"),
    Place("Campus Araguaia", "Barra do Garças", "MT"),
)

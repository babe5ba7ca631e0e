"""The institutions of the demonstration."""

INSTITUTIONS = (
    "Universidade Aurora do Nordeste",
    "Centro Universitário Vale Verde",
    "Faculdade Serra Azul",
    "Instituto Superior Baía Clara",
)

"""Análise e Desenvolvimento de Sistemas: 31 disciplines in five periods."""

from opsconsole.examples.academics.catalogue.subject import Periods, Subject

PREFIX = "ADS"
PERIODS: Periods = (
    (
        Subject("Pensamento Computacional e Algoritmos", 80),
        Subject("Matemática Discreta", 60),
        Subject("Arquitetura e Organização de Computadores", 60),
        Subject("Banco de Dados", 80),
        Subject("Introdução ao Desenvolvimento Web", 60),
        Subject("Projeto Integrador I: Concepção e Prototipação", 60),
    ),
    (
        Subject("Programação Orientada a Objetos", 80),
        Subject("Estrutura de Dados", 80),
        Subject("Sistemas Operacionais", 60),
        Subject("Banco de Dados Avançado", 60),
        Subject("Engenharia de Requisitos", 40),
        Subject("Projeto Integrador II: Modelagem de Banco de Dados", 60),
    ),
    (
        Subject("Desenvolvimento de Aplicações Web", 80),
        Subject("Redes de Computadores", 60),
        Subject("Engenharia de Software", 60),
        Subject("Interação Humano-Computador", 40),
        Subject("Probabilidade e Estatística", 60),
        Subject("Projeto Integrador III: Desenvolvimento Front-End", 60),
    ),
    (
        Subject("Desenvolvimento para Dispositivos Móveis", 80),
        Subject("Arquitetura de Software", 60),
        Subject("Computação em Nuvem", 60),
        Subject("Segurança da Informação", 60),
        Subject("Qualidade e Teste de Software", 60),
        Subject("Projeto Integrador IV: Desenvolvimento Back-End", 60),
    ),
    (
        Subject("Sistemas Distribuídos", 60),
        Subject("Inteligência Artificial", 60),
        Subject("Ciência de Dados", 60),
        Subject("Entrega Contínua e Operações", 60),
        Subject("Gestão de Projetos e Métodos Ágeis", 40),
        Subject("Ética, Direito Digital e Sociedade", 40),
        Subject("Trabalho de Conclusão de Curso em Sistemas", 80),
    ),
)

"""Direito: 61 disciplines in ten periods."""

from opsconsole.examples.academics.catalogue.subject import Periods, Subject

PREFIX = "DIR"
PERIODS: Periods = (
    (
        Subject("Introdução ao Estudo do Direito", 80),
        Subject("Ciência Política e Teoria do Estado", 60),
        Subject("Filosofia Geral", 40),
        Subject("Sociologia Geral e Jurídica", 60),
        Subject("História do Direito", 40),
        Subject("Leitura e Produção de Textos Jurídicos", 60),
    ),
    (
        Subject("Direito Civil I: Parte Geral", 80),
        Subject("Direito Constitucional I: Teoria da Constituição", 60),
        Subject("Direito Penal I: Teoria da Norma", 60),
        Subject("Economia Política", 40),
        Subject("Filosofia do Direito", 60),
        Subject("Antropologia Jurídica", 40),
    ),
    (
        Subject("Direito Civil II: Obrigações", 80),
        Subject("Direito Constitucional II: Direitos Fundamentais", 60),
        Subject("Direito Penal II: Teoria do Crime", 60),
        Subject("Teoria Geral do Processo", 60),
        Subject("Psicologia Jurídica", 40),
        Subject("Metodologia da Pesquisa em Direito", 40),
    ),
    (
        Subject("Direito Civil III: Contratos", 80),
        Subject("Direito Constitucional III: Organização do Estado", 60),
        Subject("Direito Penal III: Teoria da Pena", 60),
        Subject("Direito Processual Civil I: Conhecimento", 80),
        Subject("Direito Administrativo I: Organização e Atos", 60),
        Subject("Direitos Humanos", 40),
    ),
    (
        Subject("Direito Civil IV: Responsabilidade Civil", 60),
        Subject("Direito Penal IV: Crimes contra a Pessoa", 60),
        Subject("Direito Processual Civil II: Procedimentos", 80),
        Subject("Direito Administrativo II: Contratos e Serviços", 60),
        Subject("Direito do Trabalho I: Contrato Individual", 60),
        Subject("Direito Empresarial I: Teoria da Empresa", 60),
    ),
    (
        Subject("Direito Civil V: Coisas", 80),
        Subject("Direito Penal V: Legislação Especial", 60),
        Subject("Direito Processual Civil III: Recursos", 60),
        Subject("Direito do Trabalho II: Direito Coletivo", 40),
        Subject("Direito Empresarial II: Sociedades", 60),
        Subject("Direito Processual Penal I: Inquérito e Ação", 60),
    ),
    (
        Subject("Direito Civil VI: Família", 60),
        Subject("Direito Processual Civil IV: Execução", 60),
        Subject("Direito Processual Penal II: Procedimentos e Provas", 60),
        Subject("Direito Tributário I: Sistema Tributário", 60),
        Subject("Direito Empresarial III: Títulos de Crédito", 40),
        Subject("Prática Jurídica I: Cível", 80),
    ),
    (
        Subject("Direito Civil VII: Sucessões", 60),
        Subject("Direito Processual do Trabalho", 60),
        Subject("Direito Tributário II: Tributos em Espécie", 60),
        Subject("Direito Empresarial IV: Recuperação e Falência", 40),
        Subject("Direito do Consumidor", 40),
        Subject("Prática Jurídica II: Penal", 80),
    ),
    (
        Subject("Direito Internacional Público", 40),
        Subject("Direito Ambiental", 40),
        Subject("Direito Previdenciário", 60),
        Subject("Direito da Criança e do Adolescente", 40),
        Subject("Mediação, Conciliação e Arbitragem", 40),
        Subject("Prática Jurídica III: Trabalhista", 80),
    ),
    (
        Subject("Direito Internacional Privado", 40),
        Subject("Direito Eleitoral", 40),
        Subject("Direito Digital e Proteção de Dados", 40),
        Subject("Ética Profissional e Estatuto da Advocacia", 40),
        Subject("Bioética e Biodireito", 40),
        Subject("Prática Jurídica IV: Constitucional e Tributária", 80),
        Subject("Trabalho de Conclusão de Curso em Direito", 80),
    ),
)

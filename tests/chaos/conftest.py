"""One stage for all chaos tests: durable servers, the tables made once."""

from collections.abc import Iterator

import pytest

from opsconsole.embedded.temporary import throwaway
from tests.chaos.stage import Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with throwaway(durable=True) as servers:
        stage = Stage(servers, tmp_path_factory.mktemp("chaos") / "processes.log")
        stage.django("migrate", "--run-syncdb", "-v", "0")
        yield stage
        stage.end()
        stage.log.close()

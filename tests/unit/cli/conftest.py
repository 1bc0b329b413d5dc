from tests.cli.conftest import world

__all__ = ["world"]

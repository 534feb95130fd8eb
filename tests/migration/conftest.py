import pytest

from dreambooth.config.settings import TrainConfig
from dreambooth.migration.settings import Migrated, migrate_settings


@pytest.fixture
def migrate():
    """The settings of an old file upon the defaults."""

    def migrate_upon_defaults(values: dict) -> Migrated:
        return migrate_settings(values, TrainConfig())

    return migrate_upon_defaults


def reasons(migrated: Migrated) -> dict[str, str]:
    """Why each old setting that was not taken over was not, by its key."""
    report = migrated.report
    return {entry.key: entry.reason for entry in (*report.without_meaning, *report.problems)}

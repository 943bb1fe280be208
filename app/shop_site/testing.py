"""`python3 manage.py test`: static files as they are (tests run before collectstatic), no log."""

import logging
from typing import Any

from django.conf import settings
from django.test import override_settings
from django.test.runner import DiscoverRunner

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


class Runner(DiscoverRunner):
    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        self.storages = override_settings(STORAGES={**settings.STORAGES, "staticfiles": PLAIN})
        self.storages.enable()
        logging.disable(logging.CRITICAL)

    def teardown_test_environment(self, **kwargs: Any) -> None:
        logging.disable(logging.NOTSET)
        self.storages.disable()
        super().teardown_test_environment(**kwargs)

"""The WSGI entry point that gunicorn serves."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_site.settings")

if not settings.SECRET_KEY_IS_SHARED:
    raise ImproperlyConfigured(
        "No secret key: instances must share one, or a visitor's cookie is good on one of them "
        "only. Write it to /etc/holdfast/secrets/django-secret-key, or name another file in "
        "DJANGO_SECRET_KEY_FILE."
    )

application = get_wsgi_application()

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from shop_site import statements


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        connection_created.connect(statements.install)

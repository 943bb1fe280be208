"""Addresses of the shop. /healthz and /metrics: operations.py, ahead of everything else."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("shop.urls")),
    path("api/", include("shop.api_urls")),
    path("admin/", admin.site.urls),
]

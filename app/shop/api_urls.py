from django.urls import path

from shop import api

urlpatterns = [
    path("orders", api.orders, name="api-orders"),
    path("orders/<int:pk>", api.order, name="api-order"),
]

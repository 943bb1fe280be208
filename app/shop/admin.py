from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from shop.models import Order, OrderLine, Product, User

admin.site.site_header = "Holdfast shop"
admin.site.register(User, UserAdmin)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "price", "active")
    list_filter = ("active",)
    search_fields = ("name",)


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ("id", "user", "created", "total")
    list_select_related = ("user",)
    raw_id_fields = ("user",)
    inlines = (OrderLineInline,)

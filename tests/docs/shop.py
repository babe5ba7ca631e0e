"""The small business that the examples are about."""

from django.db import models


class Customer(models.Model):
    """Somebody who gets mail."""

    email = models.EmailField()
    balance = models.IntegerField(default=0)
    welcomed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "shop"


class Order(models.Model):
    """Something bought."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    total = models.IntegerField()
    invoice_number = models.CharField(max_length=20, blank=True)
    is_paid = models.BooleanField(default=False)

    class Meta:
        app_label = "shop"


class Takings(models.Model):
    """What a product has brought in."""

    product = models.CharField(max_length=50, primary_key=True)
    sold = models.IntegerField(default=0)
    cents = models.BigIntegerField(default=0)

    class Meta:
        app_label = "shop"


MODELS = (Customer, Order, Takings)

"""What companies are to a deal."""

from django.db import models


class Role(models.TextChoices):
    LENDER = "lender", "Lender"
    BORROWER = "borrower", "Borrower"
    GUARANTOR = "guarantor", "Guarantor"
    BROKER = "broker", "Broker"

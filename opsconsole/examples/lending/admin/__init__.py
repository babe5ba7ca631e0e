"""The lending back office in the admin; what is changed here is announced as anywhere else."""

from opsconsole.examples.lending.admin import assets, companies, deals, fees, grants, products

__all__ = ["assets", "companies", "deals", "fees", "grants", "products"]

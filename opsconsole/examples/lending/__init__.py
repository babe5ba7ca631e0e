"""An example: the back office of an asset lender, built on streams."""

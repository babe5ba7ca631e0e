"""The page at /voiding/: what is being voided, what has failed, and every customer's reports."""

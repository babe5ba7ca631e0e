"""Documents, the reports that gather them, and the voiding of a document, which both have to agree on.

Two services live here. **Billing** owns the documents, **reports** owns the reports; neither reads the other's tables
or calls its code. They talk in commands and events only, each handled in a transaction of its own, so that either
could move to another machine. What takes both of them is done by a process between the two (`processes.py`).
"""

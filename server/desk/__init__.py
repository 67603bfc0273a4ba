"""The desk: the server's side of the pages' port, `web_verify.desk`, over the law, the store and the guess budgets.

One file per subject, each a part of `HouseDesk`; what the pages may see is said on the other side, `web_verify/desk`.
"""

"""The description of our own HTTP interface (OpenAPI 3.1): the words to write one in, and the document made of them.

Each endpoint says beside its code, in `about`, what it takes and answers; nothing of this room is loaded until somebody
asks for `/openapi.json`.
"""

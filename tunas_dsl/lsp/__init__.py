"""The language server: what an editor asks about a .space file (``tunas lsp``).

``analysed`` has the file in all its forms, ``names`` says what stands where, ``hover`` and ``completion``
have the answers. ``navigation``, ``outline``, ``assistance`` and ``actions`` speak the protocol, and
``server`` says which request is whose.
"""

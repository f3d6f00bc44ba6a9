"""The commands of ``tunas``, each a module that is imported only when it is used."""

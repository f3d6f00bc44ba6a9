"""Paths of files and the URIs that editors know them by."""

from pygls import uris


def path_of(uri: str) -> str:
    """The path of the file at ``uri``; what has none is its own."""
    return uris.to_fs_path(uri) or uri


def uri_of(path: str, uri: str) -> str:
    """The URI of a source that came up while the file at ``uri`` was read, which keeps its own spelling."""
    return uri if path == path_of(uri) else uris.from_fs_path(path) or path

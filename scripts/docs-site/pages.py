"""A hook of MkDocs: pages of the repository that docs/ links to become pages of the site, below repository/.

A link to a file outside docs/ leads to that page, or to a copy of the file. A link to a folder leads to its README, or is plain text if it
has none. A link to what does not exist is a warning, which ends a strict build. So the same Markdown works in the repository and on the site.
"""
import logging
import os
import re
from pathlib import Path

from mkdocs.structure.files import File

LOG = logging.getLogger("mkdocs.hooks.pages")
LINK = re.compile(r"(!?\[[^\]\n]*\])\(([^)\s]+)\)")
OUTSIDE = "repository"


def split_code(text):
    """Pieces of a page; every second one is code."""
    return re.split(r"(^[ ]*```.*?^[ ]*```[^\n]*$|`[^`\n]*`(?!\]))", text, flags=re.DOTALL | re.MULTILINE)


def root_of(config):
    return Path(config.config_file_path).resolve().parent


def source_of(uri, config):
    """The file in the repository that a page of the site is made from."""
    outside = uri.removeprefix(f"{OUTSIDE}/")
    return root_of(config) / outside if outside != uri else Path(config.docs_dir).resolve() / uri


def target(link, source, config):
    """Where a link of a page leads: the file, or None (not our business), or False (a folder without a page)."""
    address = link.split("#")[0]
    if not address or re.match(r"[a-z]+:", address):
        return None
    path = Path(os.path.normpath(source.parent / address))
    if path.is_dir():
        return path / "README.md" if (path / "README.md").is_file() else False
    if not path.exists():
        LOG.warning("%s links to %s, which does not exist", source.relative_to(root_of(config)), link)
        return None
    return path


def uri_of(path, config):
    """The place of a file on the site."""
    docs = Path(config.docs_dir).resolve()
    return path.relative_to(docs).as_posix() if docs in path.parents else f"{OUTSIDE}/{path.relative_to(root_of(config)).as_posix()}"


def links(text):
    for piece in split_code(text)[::2]:
        yield from (found.group(2) for found in LINK.finditer(piece))


def on_files(files, config):
    """Adds every file outside docs/ that a page links to, and what that page links to."""
    waiting = [source_of(file.src_uri, config) for file in files.documentation_pages()]
    while waiting:
        source = waiting.pop()
        for link in links(source.read_text(encoding="utf-8")):
            path = target(link, source, config)
            uri = uri_of(path, config) if path else ""
            if uri.startswith(f"{OUTSIDE}/") and uri not in files.src_uris:
                files.append(File.generated(config, uri, abs_src_path=str(path)))
                if path.suffix == ".md":
                    waiting.append(path)
    return files


def on_page_markdown(markdown, page, config, files):
    """Links lead to where a file is on the site."""
    source = source_of(page.file.src_uri, config)

    def moved(found):
        path = target(found.group(2), source, config)
        if path is None:
            return found.group(0)
        if path is False:
            return found.group(1).lstrip("!")[1:-1]
        here = os.path.dirname(page.file.src_uri)
        _, mark, anchor = found.group(2).partition("#")
        return f"{found.group(1)}({os.path.relpath(uri_of(path, config), here or '.')}{mark}{anchor})"

    pieces = split_code(markdown)
    pieces[::2] = [LINK.sub(moved, piece) for piece in pieces[::2]]
    return "".join(pieces)

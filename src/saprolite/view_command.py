"""The command ``saprolite view``: a run as an interactive map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saprolite.progress import Progress

if TYPE_CHECKING:
    from saprolite.viewer.site import Site

_WARM_AFTER_S = 3.0


def view(
    out: str,
    *,
    against: str | None = None,
    export: Path | None = None,
    port: int = 0,
    browser: bool = True,
) -> None:
    """Open an interactive map of a run in the browser, or export it as plain files.

    The page is served to this machine alone, nothing is written, and no network is needed. It ends
    with Ctrl-C.

    Parameters
    ----------
    out
        Folder of the run, or its URL; it may be unfinished.
    against
        Another run on the same grid; the page offers the difference of the two.
    export
        A folder: write the same page as static files there, for any web host, and end.
    port
        Port of the server on 127.0.0.1; by default a free one.
    browser
        Open the page in the default browser.
    """
    from saprolite.places import place
    from saprolite.viewer.site import Site

    site = Site.open(place(out), None if against is None else place(against))
    if export is not None:
        from saprolite.viewer.export import export as write_all

        with Progress() as report:
            size = write_all(site, export, report)
        print(f"{export}: {size / 1e6:.1f} MB; look at it with")
        print(f"  python -m http.server --bind 127.0.0.1 --directory {export}")
        return
    _serve(site, port, browser)


def _serve(site: Site, port: int, browser: bool) -> None:
    import threading
    import webbrowser

    from saprolite.viewer.server import Server

    with Server(site, port) as server:
        print(f"{server.url}  (end with Ctrl-C)", flush=True)
        # While the first map is looked at, and not before it is there.
        warming = threading.Timer(_WARM_AFTER_S, site.warm)
        warming.daemon = True
        warming.start()
        if browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("closed")
        finally:
            warming.cancel()

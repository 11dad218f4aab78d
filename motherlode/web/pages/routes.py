"""The routes of pages: those of each feed, and those of the whole server."""

from typing import Final

from motherlode.web.pages import atom, feeds, home, package, search, sign_in, site_files, stats
from motherlode.web.pages.core import assets
from motherlode.web.pages.license import get_license
from motherlode.web.route import READ, Route

PAGE_ROUTES: Final = (
    Route("home", READ, "/", home.get_home, is_page=True),
    Route("packages", READ, "/packages", search.get_packages, is_page=True),
    Route("package", READ, "/packages/{id}", package.get_package, is_page=True),
    Route("versions-feed", READ, "/packages/{id}/feed.atom", atom.get_versions_feed),
    Route("version", READ, "/packages/{id}/{version}", package.get_version, is_page=True),
    Route("license", READ, "/packages/{id}/{version}/license", get_license, is_page=True),
    Route("stats", READ, "/stats", stats.get_stats, is_page=True),
    Route("stats-csv", READ, "/stats/{table}.csv", stats.get_stats_csv),
    Route("logo", READ, "/logo", site_files.get_logo),
    Route("opensearch", READ, "/opensearch.xml", site_files.get_opensearch),
)

PAGE_SERVER_ROUTES: Final = (
    Route("feeds", READ, "/feeds", feeds.get_feeds, is_page=True),
    Route("sign-in", READ, "/sign-in", sign_in.get_sign_in, is_page=True),
    Route("sign-in", ("POST",), "/sign-in", sign_in.post_sign_in, is_page=True),
    Route("sign-out", ("POST",), "/sign-out", sign_in.post_sign_out, is_page=True),
    Route("robots", READ, "/robots.txt", site_files.get_robots),
    Route("static", READ, "/static/{file}", assets.get_static),
)

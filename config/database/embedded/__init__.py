"""A PostgreSQL server of the project's own, started on demand where no other server is configured.

It listens on a Unix socket only, in a folder that nobody but the server's user may enter: that folder is the
door, and inside every role is trusted. Each file here is one step of a start: which binaries (`binaries`), as
which user of the operating system (`os_user`), in which folders (`layout`, `socket_folder`), once (`lock`),
on a whole data folder (`cluster`), with nothing left over from a crash (`postmaster`); `server` puts them
together.
"""

from config.database.embedded.binaries import find_bin_dir
from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.server import EmbeddedServer, Status

__all__ = ["EmbeddedServer", "EmbeddedServerError", "Status", "find_bin_dir"]

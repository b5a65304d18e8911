"""A PostgreSQL server for the benches: new, in memory where there is some, and gone at the end."""

import glob
import os
import pathlib
import shutil
import subprocess
import sys
import time

SETTINGS = ["listen_addresses=", "max_connections=50"]


def memory_folder():
    """Where a disk does not count."""
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def find(program):
    found = shutil.which(program) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"), reverse=True)), None)
    return found or sys.exit(f"{program} is not installed")


class Cluster:
    """A PostgreSQL server that ends with the block."""

    def __init__(self, folder, *settings):
        self.folder = folder
        self.settings = [*SETTINGS, *settings]
        # PostgreSQL does not run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def __enter__(self):
        if self.user:
            shutil.chown(self.folder, "postgres")
        data = f"{self.folder}/data"
        subprocess.run([*self.user, find("initdb"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D", data],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        settings = [word for setting in self.settings for word in ("-c", setting)]
        self.process = subprocess.Popen([*self.user, find("postgres"), "-D", data, "-k", self.folder, *settings],
                                        stderr=open(f"{self.folder}/log", "w"), cwd=self.folder)
        socket = pathlib.Path(self.folder, ".s.PGSQL.5432")
        for _ in range(300):
            if socket.exists() and "ready to accept connections" in pathlib.Path(self.folder, "log").read_text():
                break
            time.sleep(0.1)
        else:
            sys.exit(pathlib.Path(self.folder, "log").read_text())
        self.postmaster = pathlib.Path(data, "postmaster.pid").read_text().splitlines()[0]
        return self

    def __exit__(self, *_):
        os.kill(int(self.postmaster), 2)
        self.process.wait()

    def url(self):
        host = self.folder.replace("/", "%2F")
        return f"postgresql://postgres@{host}/postgres"

    def schema(self, name):
        """The URL of a new, empty schema."""
        self.ask(f"CREATE SCHEMA {name}")
        return f"{self.url()}?options=-c%20search_path%3D{name}"

    def ask(self, sql):
        """The answer to a query, as text."""
        return subprocess.run([find("psql"), "-qtA", self.url(), "-c", sql], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

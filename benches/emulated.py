"""labeld-emulator and `labeld run` as processes of the benches."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TICKS = os.sysconf("SC_CLK_TCK")
# A million files are listed in minutes; what takes longer hangs.
LONGEST_WAIT = 3600


def build():
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "-p", "labeld", "-p", "labeld-emulator"], cwd=ROOT, check=True)


def wait_until(done, what, pause=0.5):
    """Seconds until `done` says something true, and what it said."""
    begun = time.monotonic()
    while not (answer := done()):
        if time.monotonic() - begun > LONGEST_WAIT:
            sys.exit(f"waited in vain for {what}")
        time.sleep(pause)
    return time.monotonic() - begun, answer


class Emulator:
    """A running labeld-emulator, of which labeld knows the SharePoint library alone."""

    def __init__(self, work, journal="off"):
        self.config = work / "labeld.toml"
        command = [TARGET / "release/labeld-emulator", "serve", "--tls", "--journal", journal, "--write-config", self.config]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        description = json.loads(self.process.stdout.readline())
        self.control = description["control"].rstrip("/")
        self.drive = next(it["id"] for it in description["microsoft"]["drives"] if it["name"] == "Documents")
        text = self.config.read_text()
        head, *apps = re.split(r"(?m)^(?=\[\[tenant\.)", text)
        self.config.write_text(head + next(app for app in apps if app.startswith("[[tenant.sharepoint]]")))

    def configure(self, old, new):
        text = self.config.read_text()
        if old not in text:
            sys.exit(f"the configuration has no {old!r}")
        self.config.write_text(text.replace(old, new))

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data=data, method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer) if answer.status != 204 else None

    def generate(self, files, below, seed):
        """Makes documents in the library."""
        self.call("POST", "/_emulator/microsoft/generate", {
            "drive": self.drive, "files": files, "folders": max(files // 200, 1), "below": below, "seed": seed,
        })

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Service:
    """A running `labeld run`."""

    def __init__(self, config, environment=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        text = re.sub(r"(?m)^\[http\]\nlisten = .*\n", "", config.read_text())
        config.write_text(text + f'[http]\nlisten = "{self.address}"\n')
        self.config = config
        self.log = open(config.parent / "service.log", "ab")
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [TARGET / "release/labeld", "run", "--config", config], stdout=self.log, stderr=self.log,
            env={**os.environ, **(environment or {})},
        )
        wait_until(self.is_ready, "the service", pause=0.01)
        self.seconds_to_ready = time.monotonic() - begun

    def is_ready(self):
        if self.process.poll() is not None:
            sys.exit(f"labeld run has ended: {(self.config.parent / 'service.log').read_text()}")
        try:
            return self.page("/readyz") is not None
        except (urllib.error.URLError, ConnectionError):
            return False

    def page(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}") as answer:
            return answer.read().decode()

    def metrics(self):
        """Values by name and labels, as the page writes them."""
        lines = (line.rsplit(" ", 1) for line in self.page("/metrics").splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def total(self, name):
        """The sum of a metric over its labels."""
        return sum(value for key, value in self.metrics().items() if key.split("{")[0] == name)

    def status(self):
        command = [TARGET / "release/labeld", "status", "--config", self.config, "--format", "json"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    def polled(self, since=""):
        """Whether the app was polled to the end after `since`, a time as `status` tells it."""
        task = next((it for it in self.status()["tasks"] if it["name"].startswith("poll:")), {})
        if task.get("error"):
            sys.exit(f"the poll has failed: {task['error']}")
        return task.get("succeeded") and task["succeeded"] > since and task["state"] != "running"

    def nudge(self):
        self.process.send_signal(signal.SIGUSR1)

    def cpu(self):
        """Seconds of CPU used so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, what="VmRSS"):
        """MiB resident now, or with VmHWM at most."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def quantile(share, before, after, name):
    """A quantile of the values that a histogram has got since `before`: the bounds of its bucket."""
    key = re.compile(re.escape(name) + r'_bucket\{.*?le="([^"]+)".*\}')
    buckets = sorted(
        (float(found[1]), value - before.get(entry, 0)) for entry, value in after.items() if (found := key.fullmatch(entry))
    )
    if not buckets or not buckets[-1][1]:
        return None
    wanted, lower = share * buckets[-1][1], 0.0
    for bound, count in buckets:
        if count >= wanted:
            return lower, bound
        lower = bound
    return None

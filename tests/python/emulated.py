"""What the scripts share: the emulator's description, and checks that are counted.

Each script gets the JSON line of `labeld-emulator serve` as its first argument.
"""

import json
import sys
import traceback
import urllib.parse
import urllib.request


def description():
    """The emulator's description of itself."""
    return json.loads(sys.argv[1])


def post_form(url, fields):
    """Posts a form and reads the JSON answer."""
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body)) as answer:
        return json.load(answer)


def control(emulator, path, arguments):
    """Calls the emulator's control API."""
    request = urllib.request.Request(
        urllib.parse.urljoin(emulator["control"], f"/_emulator/{path}"),
        data=json.dumps(arguments).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Checks:
    """Named checks; prints them, and a closing line as a test runner does."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, holds, found=None):
        """Counts a check; `found` is shown when it does not hold."""
        if holds:
            self.passed += 1
            print(f"test {name} ... ok")
        else:
            self.failed += 1
            print(f"test {name} ... FAILED: {found!r}")

    def crashed(self):
        """Counts what kept the script from its end."""
        self.failed += 1
        traceback.print_exc()

    def end(self):
        """Prints the sums and ends the script."""
        outcome = "ok" if self.failed == 0 else "FAILED"
        print(f"test result: {outcome}. {self.passed} passed; {self.failed} failed; 0 ignored")
        sys.exit(self.failed != 0)

"""Open a page in Chromium by its DevTools, over a pipe: run checks in it, tell errors of its console, take a picture.

Usage: open.py BROWSER URL [--checks FILE.js]... [--picture FILE.png WIDTH HEIGHT] [--dark]
A checks file has an async function p2pChecks(), which calls p2pCheck() of check.js. Prints a line for each check
and each error; exit status 1: one of them failed, or there was an error.
"""
import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile


class Browser:
    """Commands as NUL-terminated JSON into the browser's descriptor 3, answers and events out of its 4."""

    def __init__(self, program, profile):
        here_in, there_out = os.pipe()
        there_in, here_out = os.pipe()

        def set_up():
            os.dup2(there_in, 103)
            os.dup2(there_out, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--no-first-run", "--user-data-dir=" + profile, "about:blank"],
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, close_fds=False, preexec_fn=set_up)
        os.close(there_in)
        os.close(there_out)
        self.out, self.input = os.fdopen(here_out, "wb", 0), os.fdopen(here_in, "rb")
        self.number, self.rest, self.events, self.session = 0, b"", [], None

    def message(self):
        while b"\0" not in self.rest:
            part = self.input.read1(65536)
            if not part:
                raise SystemExit("FAILED  the browser ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        order = {"id": self.number, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        self.out.write(json.dumps(order).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit("FAILED  %s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def errors(self):
        for event in self.events:
            method, of = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = of["exceptionDetails"]
                yield details.get("exception", {}).get("description", details["text"])
            elif method == "Runtime.consoleAPICalled" and of["type"] in ("error", "warning", "assert"):
                yield " ".join(str(a.get("value", a.get("description"))) for a in of["args"])
            elif method == "Log.entryAdded" and of["entry"]["level"] in ("error", "warning"):
                yield of["entry"]["text"] + " " + of["entry"].get("url", "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("browser")
    parser.add_argument("url")
    parser.add_argument("--checks", action="append", default=[])
    parser.add_argument("--picture", nargs=3)
    parser.add_argument("--dark", action="store_true")
    o = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        b = Browser(o.browser, profile)
        target = b.call("Target.createTarget", url="about:blank")["targetId"]
        b.session = b.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Runtime", "Log", "Page":
            b.call(domain + ".enable")
        width, height = (int(o.picture[1]), int(o.picture[2])) if o.picture else (1200, 1600)
        b.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        b.call("Emulation.setEmulatedMedia",
               features=[{"name": "prefers-color-scheme", "value": "dark" if o.dark else "light"}])
        b.call("Page.navigate", url=o.url)
        b.wait("Page.loadEventFired")
        for file in o.checks:
            here = os.path.dirname(os.path.abspath(__file__))
            script = open(here + "/check.js").read() + open(file).read()
            b.call("Runtime.evaluate", expression=script)
            made = b.call("Runtime.evaluate", awaitPromise=True, returnByValue=True,
                          expression="p2pChecks().then(() => p2pLines.join('\\n'))")
            thrown = made.get("exceptionDetails", {}).get("exception", {})
            text = "FAILED  " + thrown.get("description", "?") if thrown else made["result"]["value"]
            print(text)
            failed += sum(line.startswith("FAILED") for line in text.split("\n"))
        if o.picture:
            b.call("Runtime.evaluate", awaitPromise=True, expression="new Promise(done => setTimeout(done, 1000))")
            with open(o.picture[0], "wb") as file:
                file.write(base64.b64decode(b.call("Page.captureScreenshot")["data"]))
        for error in b.errors():
            print("FAILED  the console has", error)
            failed += 1
        b.session = None
        b.call("Browser.close")
        b.process.wait(20)
    sys.exit(failed > 0)


main()

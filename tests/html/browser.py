"""A real Chromium over its DevTools pipe, and what the HTML report must do in it. Only the standard library.

browser.py CHROMIUM SHOTS PAGE.html...: exits 0 if every page passes; says on stderr what did not. SHOTS is a folder for
screenshots and PDFs, for people to look at.
"""

import base64
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
]
ANSWER_LIMIT_S = 120.0


class Browser:
    """Commands out on file 3, answers in on file 4, each ended by a zero byte."""

    def __init__(self, chromium, home):
        to_read, self.out = os.pipe()
        self.inn, to_write = os.pipe()

        def pipes():
            # First out of the way: either end may already be 3 or 4.
            a, b = os.dup(to_read), os.dup(to_write)
            high = [os.dup2(a, 100), os.dup2(b, 101)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [chromium, *FLAGS, f"--user-data-dir={home}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=pipes,
            close_fds=False,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.events = b"", 0, []

    def message(self, limit):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.inn], [], [], max(0.0, limit - time.monotonic()))
            if not ready:
                raise SystemExit(f"no answer within {ANSWER_LIMIT_S:.0f} s")
            piece = os.read(self.inn, 1 << 20)
            if not piece:
                raise SystemExit(f"Chromium ended with {self.process.wait()}")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        limit = time.monotonic() + ANSWER_LIMIT_S
        while True:
            message = self.message(limit)
            if message.get("id") == self.number:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method, session):
        limit = time.monotonic() + ANSWER_LIMIT_S
        while not any(event.get("method") == method and event.get("sessionId") == session for event in self.events):
            self.events.append(self.message(limit))

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Tab:
    def __init__(self, browser, file, script=True, dark=False, width=1200):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        browser.events.clear()
        self.url = pathlib.Path(file).resolve().as_uri()
        self.ask("Page.navigate", url=self.url)
        browser.wait_for("Page.loadEventFired", self.session)

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def run(self, code):
        """The value of an expression. DevTools may ask even where the page's own script is off."""
        answer = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{code}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def key(self, key, code, number, text=None):
        more = {"text": text} if text else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, windowsVirtualKeyCode=number, **more)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=code, windowsVirtualKeyCode=number)

    def click(self, selector):
        found = json.dumps(selector)
        self.run(f"document.querySelector({found}).scrollIntoView({{block: 'center'}})")
        box = f"(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector({found}).getBoundingClientRect())"
        x, y = self.run(box)
        for kind in ["mousePressed", "mouseReleased"]:
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def complaints(self):
        """Console messages, exceptions, and requests beside the page's own."""
        out = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            name, params = event["method"], event["params"]
            if name in ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"]:
                out.append(f"{name}: {json.dumps(params)[:300]}")
            if name == "Network.requestWillBeSent" and params["request"]["url"] not in [self.url]:
                out.append(f"request: {params['request']['url']}")
        return out

    def shot(self, file):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        data = self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))

    def close(self):
        self.browser.ask("Target.closeTarget", targetId=self.target)


def check(failures, what, holds, got=""):
    if not holds:
        failures.append(f"{what} {got}".strip())


SORTED = "document.querySelector('#ID th[aria-sort]')"
COLUMN = (
    "(t => { const th = t.querySelector('th[aria-sort]'), at = th.cellIndex; "
    "return [...t.tBodies[0].rows].map(r => r.cells[at].dataset.v ?? r.cells[at].textContent) })"
    "(document.querySelector('#ID'))"
)
ROWS = "document.querySelectorAll('tbody tr').length"
# What WCAG calls contrast, of every element with text of its own, against the nearest opaque ground.
CONTRAST = """(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c } return 'rgb(255,255,255)' };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || e.tagName === 'SCRIPT' || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...new Set(low)].slice(0, 5);
})()"""


def with_script(browser, page, shots, failures):
    for dark in [False, True]:
        tab = Tab(browser, page, dark=dark)
        tab.shot(shots / f"{page.stem}-{'dark' if dark else 'light'}.png")
        low = tab.run(CONTRAST)
        check(failures, f"contrast, dark={dark}:", low == [], low)
        check(failures, f"console or network, dark={dark}:", tab.complaints() == [], tab.complaints())
        tab.close()
    tab = Tab(browser, page, width=400)
    tab.shot(shots / f"{page.stem}-narrow.png")
    wide = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    check(failures, "at 400 px the page scrolls sideways:", wide[0] <= wide[1], wide)
    tab.close()
    levels = "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
    tab = Tab(browser, page)
    found = tab.run(levels)
    steps = [b - a for a, b in zip(found, found[1:])]
    check(failures, "headings skip a level:", found[:1] == [1] and max(steps, default=0) <= 1, found)
    bare = tab.run("[...document.querySelectorAll('table')].filter(t => !t.caption || [...t.querySelectorAll('th')].some(h => !h.scope)).length")
    check(failures, "tables without caption or scope:", bare == 0, bare)
    sorting(tab, failures)
    filtering(tab, failures)
    check(failures, "console or network after sorting and filtering:", tab.complaints() == [], tab.complaints())
    pdf = tab.ask("Page.printToPDF", printBackground=True, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
    data = base64.b64decode(pdf["data"])
    (shots / f"{page.stem}.pdf").write_bytes(data)
    check(failures, "print:", data.startswith(b"%PDF-") and len(data) > 10_000, len(data))
    tab.close()


def sorting(tab, failures):
    # The first table that is not folded away.
    name = tab.run("[...document.querySelectorAll('table.sortable th.n button')].find(b => b.checkVisibility())?.closest('table').id")
    if not name:
        return
    head, column = SORTED.replace("ID", name), COLUMN.replace("ID", name)
    tab.click(f"#{name} th.n button")
    first = tab.run(f"[{head}?.getAttribute('aria-sort'), {column}]")
    values = [int(value) for value in first[1]]
    check(failures, "a click does not sort:", first[0] == "descending" and values == sorted(values, reverse=True), first[0])
    # The button has the focus: Enter turns the order, and Tab then Space sorts the next column.
    tab.key("Enter", "Enter", 13, "\r")
    again = tab.run(f"[{head}.getAttribute('aria-sort'), {column}]")
    values = [int(value) for value in again[1]]
    check(failures, "Enter does not turn the order:", again[0] == "ascending" and values == sorted(values), again[0])
    before = tab.run(f"{head}.cellIndex")
    if tab.run(f"{head}.nextElementSibling !== null"):
        tab.key("Tab", "Tab", 9)
        tab.key(" ", "Space", 32, " ")
        after = tab.run(f"[{head}.cellIndex, document.querySelectorAll('#{name} [aria-sort]').length]")
        check(failures, "Tab and Space do not sort the next column:", after == [before + 1, 1], [before, after])


def filtering(tab, failures):
    field = "[...document.querySelectorAll('.tools:not([hidden]) input')].find(i => i.checkVisibility())"
    if not tab.run(f"!!{field}"):
        return
    name = tab.run(f"{field}.dataset.filter")
    field = f"document.querySelector('[data-filter={name}]')"
    tab.run(f"{field}.focus()")
    tab.ask("Input.insertText", text="zzz-nothing-is-called-so")
    table = f"document.getElementById('{name}')"
    shown = f"[...{table}.tBodies[0].rows].filter(r => r.offsetParent).length"
    left = tab.run(shown)
    said = tab.run(f"document.querySelector('[data-count={name}]').textContent")
    check(failures, "the filter leaves rows:", left == 0 and said.startswith("0 of "), [left, said])
    # On paper nothing is filtered away.
    tab.ask("Emulation.setEmulatedMedia", media="print")
    printed = tab.run(f"[...{table}.tBodies[0].rows].every(r => getComputedStyle(r).display !== 'none')")
    check(failures, "a filtered row is missing on paper", printed)
    tab.ask("Emulation.setEmulatedMedia", media="")
    # It is not on paper, and so lost the focus.
    tab.run(f"{field}.focus()")
    for _ in range(40):
        tab.key("Backspace", "Backspace", 8)
    whole = tab.run(f"{table}.tBodies[0].rows.length")
    left = tab.run(f"[...{table}.tBodies[0].rows].filter(r => !r.hidden).length")
    check(failures, "an empty filter hides rows:", left == whole, [left, whole])


def without_script(browser, page, shots, failures):
    tab = Tab(browser, page)
    rows = tab.run(ROWS)
    tab.close()
    tab = Tab(browser, page, script=False)
    tab.shot(shots / f"{page.stem}-without-script.png")
    check(failures, "without script rows are missing:", tab.run(ROWS) == rows)
    hidden = tab.run("[...document.querySelectorAll('tbody tr')].filter(r => r.hidden || (!r.closest('details') && !r.offsetParent)).length")
    check(failures, "without script rows are hidden:", hidden == 0, hidden)
    dead = tab.run("[...document.querySelectorAll('button, input')].filter(e => e.offsetParent).length")
    check(failures, "without script there are dead controls:", dead == 0, dead)
    check(failures, "console or network without script:", tab.complaints() == [], tab.complaints())
    pdf = tab.ask("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    data = base64.b64decode(pdf["data"])
    check(failures, "print without script:", data.startswith(b"%PDF-"))
    tab.close()


def main():
    chromium, shots, *pages = sys.argv[1:]
    shots = pathlib.Path(shots)
    shots.mkdir(parents=True, exist_ok=True)
    failed = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        browser = Browser(chromium, home)
        try:
            for page in map(pathlib.Path, pages):
                failures = []
                started = time.monotonic()
                with_script(browser, page, shots, failures)
                without_script(browser, page, shots, failures)
                print(f"{page.stem}: {time.monotonic() - started:.1f} s", file=sys.stderr)
                for failure in failures:
                    failed = True
                    print(f"{page.stem}: {failure}", file=sys.stderr)
        finally:
            browser.close()
    sys.exit(1 if failed else 0)


main()

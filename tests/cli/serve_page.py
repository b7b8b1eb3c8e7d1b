"""The page of p2p-serve in a browser, through WebDriver (Debian's chromium-driver): strokes lead to other outputs,
undo and redo, fill, a loaded picture, save, no message on the console.

Usage: serve_page.py URL [SCREENSHOT.png]
"""
import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.request

KEY = 'element-6066-11e4-a52e-4f735466cecf'  # of an element's name in WebDriver
passed = failed = 0


class Browser:
    def __init__(self, driver):
        self.at = f'http://127.0.0.1:{driver}/session'
        arguments = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1100,920']
        got = self.call('', {'capabilities': {'alwaysMatch': {
            'goog:chromeOptions': {'args': arguments},
            'goog:loggingPrefs': {'browser': 'ALL'}}}})
        self.at += '/' + got['sessionId']

    def call(self, path, data=None, method=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.at + path, body, {'Content-Type': 'application/json'}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)['value']

    def run(self, script, *arguments):
        return self.call('/execute/sync', {'script': script, 'args': arguments})

    def wait(self, script, what):
        for _ in range(600):
            if got := self.run(script):
                return got
            time.sleep(0.1)
        raise SystemExit(f'FAILED  {what}: it never came')

    def click(self, selector):
        element = self.call('/element', {'using': 'css selector', 'value': selector})
        self.call(f'/element/{element[KEY]}/click', {})

    def stroke(self, points, kind='mouse'):
        """Points in shares of the canvas, from its middle."""
        element = self.call('/element', {'using': 'css selector', 'value': '#input'})
        box = self.run('const b = arguments[0].getBoundingClientRect(); return [b.width, b.height]', element)
        moves = [{'type': 'pointerMove', 'duration': 20, 'origin': element, 'x': round(x * box[0]), 'y': round(y * box[1])}
                 for x, y in points]
        self.call('/actions', {'actions': [{
            'type': 'pointer', 'id': kind, 'parameters': {'pointerType': kind},
            'actions': [moves[0], {'type': 'pointerDown', 'button': 0}, *moves[1:], {'type': 'pointerUp', 'button': 0}]}]})


def check(name, right):
    global passed, failed
    passed, failed = passed + bool(right), failed + (not right)
    print('ok     ' if right else 'FAILED ', name)


def main(url, screenshot):
    driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE, text=True)
    try:
        port = next(line.rstrip('.\n').split()[-1] for line in driver.stdout if 'successfully on port' in line)
        browser = Browser(port)
        try:
            walk(browser, url, screenshot)
        finally:
            browser.call('', method='DELETE')
    finally:
        driver.terminate()
        driver.wait()


PICTURE = 'const c = document.getElementById("input"); return c.toDataURL()'
OUTPUT = 'const i = document.getElementById("output"); return i.complete && i.naturalWidth ? i.src : ""'
STATUS = 'return document.getElementById("status").textContent'


def walk(browser, url, screenshot):
    browser.call('/url', {'url': url})
    first = browser.wait(OUTPUT, 'the first output')

    def after(what, action):
        """The output's address behind an action that changes it, and its pixels."""
        old = browser.run(OUTPUT)
        action()
        return browser.wait(f'const f = () => {{ {OUTPUT} }}; const s = f(); return s !== "{old}" && s', what)

    pixels = '''const i = document.getElementById("output"), c = document.createElement("canvas");
        c.width = i.naturalWidth; c.height = i.naturalHeight; c.getContext("2d").drawImage(i, 0, 0); return c.toDataURL()'''
    drawn = [browser.run(PICTURE)]
    made = [browser.run(pixels)]
    check('an output is there at once', first.startswith('blob:'))
    check('a palette', browser.run('return document.querySelectorAll("#palette button").length') > 1)
    check('a size as the drawing', browser.run(
        'return document.getElementById("output").naturalWidth === document.getElementById("input").width'))

    def step(name, action):
        after(name, action)
        drawn.append(browser.run(PICTURE))
        made.append(browser.run(pixels))
        check(f'{name}: another drawing', drawn[-1] != drawn[-2])
        check(f'{name}: another output', made[-1] != made[-2])

    browser.click('#palette button:last-of-type')
    step('a stroke', lambda: browser.stroke([(-0.3, -0.3), (0, 0.1), (0.3, -0.2)]))
    browser.click('[data-tool=rectangle]')
    step('a rectangle', lambda: browser.stroke([(-0.2, 0.1), (0.2, 0.3)]))
    browser.click('#palette button:first-of-type')
    browser.click('[data-tool=fill]')
    step('a fill', lambda: browser.stroke([(0, 0.2)]))
    browser.click('#palette button:last-of-type')
    browser.click('[data-tool=brush]')
    step('a touch', lambda: browser.stroke([(0.1, -0.4), (0.4, -0.4)], 'touch'))
    colours = browser.run('''const c = document.getElementById("input"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return new Set(new Uint32Array(d.buffer)).size''')
    check('nothing but colours of the palette', colours <= browser.run('return document.querySelectorAll("#palette button").length'))
    for i in range(4):
        after('undo', lambda: browser.click('#undo'))
    check('undo to the first drawing', browser.run(PICTURE) == drawn[0])
    check('undo to the first output', browser.run(pixels) == made[0])
    for i in range(4):
        after('redo', lambda: browser.click('#redo'))
    check('redo to the last output', browser.run(pixels) == made[4])
    after('clear', lambda: browser.click('#clear'))
    check('clear', browser.run(PICTURE) != drawn[-1])
    after('undo', lambda: browser.click('#undo'))

    saved = browser.run('''let name = null; const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { name = this.download; };
        document.getElementById("save").click(); HTMLAnchorElement.prototype.click = click; return name''')
    check('save names a file', saved and saved.endswith('.png'))
    dropped = '''const c = document.createElement("canvas"); c.width = 200; c.height = 120;
        c.getContext("2d").fillStyle = "#00f"; c.getContext("2d").fillRect(20, 20, 90, 60);
        const bytes = Uint8Array.from(atob(c.toDataURL().split(",")[1]), (x) => x.charCodeAt(0));
        const items = new DataTransfer(); items.items.add(new File([bytes], "a.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: items, bubbles: true, cancelable: true }))'''
    after('a dropped picture', lambda: browser.run(dropped))
    check('a dropped picture has its size', browser.run('return document.getElementById("output").naturalWidth') == 200)
    if browser.run('return !document.getElementById("sample").hidden'):
        after('a sample', lambda: browser.click('#sample'))
        check('the time is told', ' ms' in browser.run(STATUS))
    if screenshot: # a façade with two windows more
        browser.click('[data-tool=rectangle]')
        browser.click('#palette button:nth-of-type(2)')
        for x in -0.16, 0.1:
            after('a rectangle', lambda: browser.stroke([(x, -0.44), (x + 0.06, -0.39)]))
        with open(screenshot, 'wb') as out:
            out.write(base64.b64decode(browser.call('/screenshot')))
    messages = [entry['message'] for entry in browser.call('/se/log', {'type': 'browser'})]
    print(*messages, sep='\n', end='\n' * bool(messages))
    check('no message on the console', not messages)


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
print(f'{passed} passed, {failed} failed')
sys.exit(failed > 0)

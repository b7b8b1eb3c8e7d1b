// What checks of a page share: p2pCheck(name, whether it holds) adds a line; the last one ends with p2pDone().
'use strict';
const p2pLines = [];
function p2pCheck(name, holds) {
    p2pLines.push((holds ? 'ok      ' : 'FAILED  ') + name);
}
function p2pDone() {
    const list = document.createElement('pre');
    list.id = 'checks';
    list.textContent = '\n' + p2pLines.join('\n') + '\nend of checks\n';
    document.body.append(list);
}
addEventListener('error', event => p2pCheck('no error: ' + event.message, false));
function p2pPress(element, key) {
    element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}
function p2pSlide(slider, value) {
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
}
const p2pWait = ms => new Promise(done => setTimeout(done, ms));

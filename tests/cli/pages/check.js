// What checks of a page share: p2pCheck(name, whether it holds) adds a line.
var p2pLines = [];
function p2pCheck(name, holds) {
    p2pLines.push((holds ? 'ok      ' : 'FAILED  ') + name);
}
function p2pPress(element, key) {
    element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}
function p2pSlide(slider, value) {
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
}
function p2pWait(ms) {
    return new Promise(done => setTimeout(done, ms));
}
// Until they are decoded, or cannot be.
function p2pPictures(list) {
    return Promise.all(list.map(picture => {
        picture.loading = 'eager';
        return picture.decode().catch(() => {});
    }));
}

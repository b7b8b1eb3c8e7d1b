// The page of a run for a reader who wants it dark.
async function p2pChecks() {
    const light = colour => Math.max(...colour.match(/\d+/g).slice(0, 3));
    const of = (selector, key) => getComputedStyle(document.querySelector(selector))[key];
    await p2pWait(500);
    p2pCheck('dark paper', light(of('body', 'backgroundColor')) < 64 && light(of('section', 'backgroundColor')) < 64);
    p2pCheck('light words', light(of('body', 'color')) > 192 && light(of('#state', 'color')) > 128);
    p2pCheck('light curves', light(of('.smooth', 'stroke')) > 192);
}

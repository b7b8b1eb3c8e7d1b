// The results of a test with ten thousand pictures and hostile names, in a browser.
async function p2pChecks() {
    const get = id => document.getElementById(id), all = selector => [...document.querySelectorAll(selector)];
    const names = () => all('.row h3').map(title => +/> (\d+)/.exec(title.textContent)[1]);
    await p2pWait(500);
    p2pCheck('as many as fit', all('.row').length === 50 && get('page').textContent === '1 to 50 of 10000');
    p2pCheck('names are text', !document.querySelector('h3 img') && names()[0] === 0);
    get('after').click();
    p2pCheck('the next page', names()[0] === 50 && get('page').textContent === '51 to 100 of 10000');
    const sort = [...get('order').options].find(option => option.textContent === 'L1, worst first');
    get('order').value = sort.value;
    get('order').dispatchEvent(new Event('change'));
    p2pCheck('in order over all pages', names()[0] === 2857 && all('.row h3 span')[0].textContent.startsWith('L1 9999'));
    get('filter').value = '> 77';
    get('filter').dispatchEvent(new Event('input'));
    p2pCheck('by name', get('page').textContent.endsWith('of 111') && names().every(n => String(n).startsWith('77')));
    p2pCheck('one without a figure', get('facts').textContent.includes('(of 9999)'));
    p2pCheck('no metric that none has', !get('facts').textContent.includes('MS-SSIM'));
}

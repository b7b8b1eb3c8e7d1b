// The results of a test with four pictures, in a browser.
async function p2pChecks() {
    const get = id => document.getElementById(id), all = selector => [...document.querySelectorAll(selector)];
    const order = text => {
        get('order').value = [...get('order').options].find(option => option.textContent === text).value;
        get('order').dispatchEvent(new Event('change'));
    };
    const figure = name => all('.row h3 span').map(span => +new RegExp(name + ' ([\\d.]+)').exec(span.textContent)[1]);
    const sorted = (list, way) => list.every((v, i) => !i || way * (v - list[i - 1]) >= 0);
    await p2pWait(500);
    p2pCheck('each picture has a row', all('.row').length === 4 && all('.row img').length === 12);
    await p2pPictures(all('.row img'));
    p2pCheck('with pictures that are there', all('.row img').every(img => img.naturalWidth === 64));
    p2pCheck('as large as asked for', all('.row figure').every(f => Math.round(f.getBoundingClientRect().width) === 100));
    order('L1, worst first');
    p2pCheck('most L1 first', sorted(figure('L1'), -1));
    order('L1, best first');
    p2pCheck('least L1 first', sorted(figure('L1'), 1));
    order('SSIM, worst first');
    p2pCheck('least SSIM first', sorted(figure('SSIM'), 1));
    p2pCheck('a histogram each', all('#charts h3').map(h => h.textContent).join() === 'L1,PSNR,SSIM');
    p2pCheck('of all pictures', all('#charts .chart').every(chart => [...chart.querySelectorAll('.column')].reduce(
        (sum, bar) => sum + parseInt(bar.getAttribute('aria-label')), 0) === 4));
    p2pPress(document.querySelector('.column'), 'Enter');
    p2pCheck('a bar chooses', all('.row').length < 4 && all('.row').length > 0 && !get('all').hidden);
    get('all').click();

    all('.row button')[1].click();
    await p2pPictures([get('under'), get('over')]);
    p2pCheck('a picture opens', get('zoom').open && get('under').src.endsWith('_output.png') &&
        get('over').src.endsWith('_target.png') && get('over').naturalWidth === 64);
    const clip = () => getComputedStyle(get('over')).clipPath;
    const half = clip();
    p2pSlide(get('slider'), 10);
    p2pCheck('the slider moves the border', half.includes('50%') && clip().includes('10%'));
    get('size').value = '4';
    get('size').dispatchEvent(new Event('change'));
    p2pCheck('it is enlarged', get('under').getBoundingClientRect().width === 256);
    const name = get('zoom-name').textContent;
    p2pPress(get('zoom'), 'ArrowRight');
    p2pCheck('keys go on', get('zoom-name').textContent !== name && get('zoom-figures').textContent.startsWith('3 of 4'));
    get('left').value = 'input';
    get('left').dispatchEvent(new Event('change'));
    p2pCheck('others can be compared', get('under').src.endsWith('_input.png'));
    get('close').click();
    p2pCheck('and it closes', !get('zoom').open);
}

// The page of a run, in a browser.
async function p2pChecks() {
    const get = id => document.getElementById(id), all = selector => [...document.querySelectorAll(selector)];
    const picture = get('picture');
    await p2pWait(500);
    p2pCheck('the name is text', get('name').textContent === 'r<b>un' && !get('name').children.length);
    p2pCheck('how far it is', get('facts').textContent.includes('6 of 6') &&
        get('done').getAttribute('aria-valuenow') === '100.0');
    p2pCheck('rate, validation and device', ['pictures/s', 'PSNR, validated', 'Device memory'].every(text =>
        get('facts').textContent.includes(text)));
    const titles = all('.chart h3').map(title => title.textContent).join();
    p2pCheck('losses, learning rate and validation are plotted', ['generators: GAN', 'generators: pictures',
        'discriminators', 'Learning rate', 'Validation: SSIM'].every(text => titles.includes(text)));
    p2pCheck('each with a curve', all('.chart svg').every(svg => svg.querySelector('.smooth').getAttribute('d').length > 8));
    p2pCheck('and words in its place', all('.chart svg').every(svg => svg.getAttribute('aria-label').includes(' from ')));

    const curve = () => document.querySelector('.chart .smooth').getAttribute('d');
    const rough = curve();
    p2pSlide(get('smooth'), 0.95);
    p2pCheck('smoothing smooths', curve() !== rough && get('smooth-value').textContent === '0.95');
    const linear = curve();
    get('log').click();
    p2pCheck('log scale scales', curve() !== linear);
    const svg = document.querySelector('.chart svg'), box = svg.getBoundingClientRect();
    svg.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width / 2, clientY: box.top + 40 }));
    const middle = get('tip').textContent;
    p2pCheck('values at the pointer', !get('tip').hidden && /^step \d+\n\w+ {2}[\d.]+/.test(middle));
    p2pPress(svg, 'End');
    p2pCheck('and by keys', get('tip').textContent !== middle && get('tip').textContent.startsWith('step 6\n'));
    const before = all('.smooth').length;
    document.querySelector('.legend').click();
    p2pCheck('a curve can be hidden', all('.smooth').length === before - 1);

    await p2pPictures([picture]);
    p2pCheck('the last sample is shown', picture.naturalWidth === 3 * 128 && picture.src.endsWith('epoch_003.png'));
    p2pCheck('as what it is', picture.alt.includes('input, output, target') && picture.alt.includes('epoch 3'));
    p2pSlide(get('slider'), 0);
    await p2pPictures([picture]);
    p2pCheck('the slider goes to the first', picture.src.endsWith('step_0000001.jpg') && picture.naturalWidth === 3 * 128);
    get('after').click();
    p2pCheck('and on, by step', get('which').textContent.startsWith('end of epoch 1, step 2'));
    p2pCheck('samples of later steps are not shown', +get('slider').max === 5);

    p2pCheck('checkpoints are linked', all('#checkpoints a').some(a => a.getAttribute('href') === 'latest.safetensors'));
    p2pCheck('options that are set', get('options').textContent.includes('--netGunet_128') &&
        !get('options').textContent.includes('--beta1'));
    get('defaults').click();
    p2pCheck('and all', get('options').textContent.includes('--beta10.5'));

    // What came since: as index.js is read anew while a run lives.
    const show = window.p2pRun, now = await new Promise(done => {
        window.p2pRun = done;
        document.head.append(Object.assign(document.createElement('script'), { src: 'index.js?again' }));
    });
    window.p2pRun = show;
    p2pSlide(get('slider'), get('slider').max);
    show(Object.assign({}, now, { live: true, step: 99, last_step: 200, written: now.written + 1 }));
    p2pCheck('a living run has time left', get('facts').textContent.includes('Left') &&
        get('state').textContent.startsWith('Training'));
    p2pCheck('its new sample is shown', picture.src.endsWith('step_0000099.jpg') && +get('slider').max === 6);
    p2pSlide(get('slider'), 2);
    p2pCheck('what was chosen stays', get('smooth').value === '0.95' && get('log').checked);
    for (let i = 0; i < 80 && !get('state').textContent.startsWith('Ended'); i++) await p2pWait(200);
    p2pCheck('and the page renews itself', get('state').textContent.startsWith('Ended'));
    p2pCheck('without going elsewhere', +get('slider').value === 2);
}

// The results of a test. index.js calls p2pResults() with a row for each picture.
'use strict';
(function () {
    const PAGE = 50, BARS = 32, WIDTH = 640, HEIGHT = 160, EDGE = { left: 40, right: 12, top: 8, bottom: 24 };
    // Columns of a row of index.js; more: whether a larger value is better.
    const NAME = 0, STEM = 1;
    const METRICS = [{ name: 'L1', at: 2, more: false }, { name: 'PSNR', at: 3, more: true },
        { name: 'SSIM', at: 4, more: true }, { name: 'MS-SSIM', at: 5, more: true }];
    const byId = id => document.getElementById(id);
    let data = null, metrics = [];
    let chosen = [];      // rows that are shown, in order
    let page = 0, zoomed = -1;
    let range = null;     // {metric, low, high}: of the bar that was chosen

    function element(name, text, attributes) {
        const made = document.createElement(name);
        if (text !== undefined) made.textContent = text;
        for (const key in attributes) made.setAttribute(key, attributes[key]);
        return made;
    }
    function drawn(name, attributes, text) {
        const made = document.createElementNS('http://www.w3.org/2000/svg', name);
        for (const key in attributes) made.setAttribute(key, attributes[key]);
        if (text !== undefined) made.textContent = text;
        return made;
    }
    const short = value => value === null ? 'none' : String(+value.toPrecision(4));
    const address = (row, kind) => 'images/' + encodeURIComponent(row[STEM] + '_' + kind + '.png');
    const figures = row => metrics.map(m => m.name + ' ' + short(row[m.at])).join(', ');
    const values = m => data.pictures.map(row => row[m.at]).filter(v => v !== null);

    // ---- Choosing and ordering ----------------------------------------------------------------
    function orders() {
        const list = [{ text: 'as in the data set', by: () => 0 },
            { text: 'name', by: (a, b) => a[NAME].localeCompare(b[NAME], 'en', { numeric: true }) }];
        for (const m of metrics)
            for (const worst of [true, false])
                list.push({ text: m.name + ', ' + (worst ? 'worst' : 'best') + ' first', by: (a, b) => {
                    // Without a figure: behind all others.
                    if (a[m.at] === null || b[m.at] === null) return (a[m.at] === null) - (b[m.at] === null);
                    return (a[m.at] - b[m.at]) * (m.more === worst ? 1 : -1);
                } });
        return list;
    }
    function choose() {
        const text = byId('filter').value.toLowerCase(), order = orders()[byId('order').value];
        chosen = data.pictures.filter(row => row[NAME].toLowerCase().includes(text) && (!range ||
            (row[range.metric.at] !== null && row[range.metric.at] >= range.low && row[range.metric.at] <= range.high)));
        chosen.sort(order.by);
        byId('all').hidden = !range;
        show_page(0);
    }

    // ---- Rows, some at a time -----------------------------------------------------------------
    function put_row(row, place) {
        const box = element('div', undefined, { class: 'row' }), title = element('h3', row[NAME]);
        const button = element('button', undefined, { type: 'button', 'aria-label': 'Compare ' + row[NAME] });
        title.append(element('span', figures(row), { class: 'dim' }));
        for (const kind of data.kinds) {
            const figure = element('figure');
            figure.append(element('img', undefined, { loading: 'lazy', src: address(row, kind), alt: kind + ' of ' + row[NAME] }),
                element('figcaption', kind));
            button.append(figure);
        }
        button.addEventListener('click', () => zoom(place));
        box.append(title, button);
        return box;
    }
    function show_page(number) {
        const pages = Math.max(1, Math.ceil(chosen.length / PAGE));
        page = Math.max(0, Math.min(number, pages - 1));
        const first = page * PAGE, some = chosen.slice(first, first + PAGE);
        byId('rows').replaceChildren(...some.map((row, i) => put_row(row, first + i)));
        byId('page').textContent = chosen.length ? (first + 1) + ' to ' + (first + some.length) + ' of ' + chosen.length
            : 'no picture';
        byId('before').disabled = page === 0;
        byId('after').disabled = page === pages - 1;
    }

    // ---- Figures ------------------------------------------------------------------------------
    function histogram(m) {
        const all = values(m), low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
        const wide = (high - low) / BARS || 1, counts = new Array(BARS).fill(0);
        for (const v of all) counts[Math.min(BARS - 1, Math.floor((v - low) / wide))]++;
        const most = Math.max(...counts), box = element('div', undefined, { class: 'chart' });
        const svg = drawn('svg', { viewBox: '0 0 ' + WIDTH + ' ' + HEIGHT, role: 'group',
            'aria-label': m.name + ' of ' + all.length + ' pictures, from ' + short(low) + ' to ' + short(high) });
        const step = (WIDTH - EDGE.left - EDGE.right) / BARS, tall = HEIGHT - EDGE.top - EDGE.bottom;
        counts.forEach((count, i) => {
            if (!count) return;
            const from = low + i * wide, to = i === BARS - 1 ? high : from + wide, h = Math.max(2, tall * count / most);
            const bar = drawn('rect', { x: EDGE.left + i * step + 1, y: EDGE.top + tall - h, width: step - 2, height: h,
                class: 'column', tabindex: 0, role: 'button',
                'aria-label': count + ' pictures of ' + m.name + ' ' + short(from) + ' to ' + short(to) });
            const choose_bar = () => { range = { metric: m, low: from, high: to }; choose(); };
            bar.append(drawn('title', {}, bar.getAttribute('aria-label')));
            bar.addEventListener('click', choose_bar);
            bar.addEventListener('keydown', event => { if (event.key === 'Enter' || event.key === ' ') choose_bar(); });
            svg.append(bar);
        });
        for (let i = 0; i <= 4; i++)
            svg.append(drawn('text', { x: EDGE.left + i * BARS / 4 * step, y: HEIGHT - 6, class: 'label',
                'text-anchor': i === 4 ? 'end' : 'middle' }, short(low + i * BARS / 4 * wide)));
        svg.append(drawn('text', { x: EDGE.left - 6, y: EDGE.top + 10, class: 'label', 'text-anchor': 'end' }, String(most)));
        box.append(element('h3', m.name), svg);
        return box;
    }
    function put_facts() {
        const facts = [['Pictures', String(data.pictures.length)]];
        for (const m of metrics) {
            const all = values(m);
            facts.push([m.name + ', mean', short(all.reduce((a, b) => a + b) / all.length) +
                (all.length < data.pictures.length ? ' (of ' + all.length + ')' : '')]);
        }
        byId('facts').replaceChildren(...facts.map(([name, value]) => {
            const pair = element('div');
            pair.append(element('dt', name), element('dd', value));
            return pair;
        }));
    }

    // ---- Two pictures over each other ---------------------------------------------------------
    function zoom(place) {
        if (place < 0 || place >= chosen.length) return;
        const row = chosen[place], left = byId('left').value, right = byId('right').value;
        zoomed = place;
        byId('under').src = address(row, left);
        byId('under').alt = left + ' of ' + row[NAME];
        byId('over').src = address(row, right);
        byId('over').alt = right + ' of ' + row[NAME];
        byId('zoom-name').textContent = row[NAME];
        byId('zoom-figures').textContent = (place + 1) + ' of ' + chosen.length + '  ' + figures(row);
        if (!byId('zoom').open) byId('zoom').showModal();
    }
    function slide() {
        byId('pair').style.setProperty('--at', byId('slider').value + '%');
    }
    function resize() {
        const times = +byId('size').value, natural = byId('under').naturalWidth;
        byId('pair').style.width = times && natural ? times * natural + 'px' : 'min(100%, 70vh)';
    }

    window.p2pResults = function (all) {
        data = all;
        metrics = data.like < 0 ? [] : METRICS.filter(m => data.pictures.some(row => row[m.at] !== null));
        document.documentElement.style.setProperty('--size', data.winsize + 'px');
        byId('order').replaceChildren(...orders().map((order, i) => element('option', order.text, { value: i })));
        for (const [id, kind] of [['left', data.kinds[data.ours]], ['right', data.kinds[Math.max(data.like, 0)]]]) {
            byId(id).replaceChildren(...data.kinds.map(name => element('option', name)));
            byId(id).value = kind;
        }
        put_facts();
        byId('figures').hidden = !metrics.length;
        byId('charts').replaceChildren(...metrics.map(histogram));
        choose();
    };
    byId('order').addEventListener('change', choose);
    byId('filter').addEventListener('input', choose);
    byId('all').addEventListener('click', () => { range = null; choose(); });
    byId('before').addEventListener('click', () => show_page(page - 1));
    byId('after').addEventListener('click', () => show_page(page + 1));
    byId('left').addEventListener('change', () => zoom(zoomed));
    byId('right').addEventListener('change', () => zoom(zoomed));
    byId('slider').addEventListener('input', slide);
    byId('size').addEventListener('change', resize);
    byId('under').addEventListener('load', resize);
    byId('zoom-before').addEventListener('click', () => zoom(zoomed - 1));
    byId('zoom-after').addEventListener('click', () => zoom(zoomed + 1));
    byId('close').addEventListener('click', () => byId('zoom').close());
    byId('pair').addEventListener('pointermove', event => {
        const box = byId('pair').getBoundingClientRect();
        byId('slider').value = 100 * (event.clientX - box.left) / box.width;
        slide();
    });
    byId('zoom').addEventListener('keydown', event => {
        if (event.target.tagName === 'SELECT' || event.target.id === 'slider') return;
        if (event.key === 'ArrowLeft') zoom(zoomed - 1);
        if (event.key === 'ArrowRight') zoom(zoomed + 1);
    });
    const script = element('script', undefined, { src: 'index.js' });
    script.onerror = () => { byId('page').textContent = 'index.js, with what the page shows, is not beside it.'; };
    document.head.append(script);
})();

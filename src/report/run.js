// The page of a run. index.js calls p2pRun() with all that is known; it is read anew while the run lives.
'use strict';
(function () {
    const REFRESH_MS = 5000, PLAY_MS = 400, WIDTH = 640, HEIGHT = 250;
    const EDGE = { left: 56, right: 12, top: 10, bottom: 26 };
    const byId = id => document.getElementById(id);
    let data = null;         // of index.js
    let samples = [];        // {file, step, text}, by step
    let shown = -1;          // which of them
    let playing = null;      // timer
    const hidden = new Set(); // names of curves

    // ---- Small helpers ------------------------------------------------------------------------
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
    const short = value => value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
        ? value.toExponential(2).replace(/\.?0+e/, 'e') : String(+value.toPrecision(4));
    const bytes = n => n >= 1e9 ? (n / 1e9).toFixed(2) + ' GB' : (n / 1e6).toFixed(1) + ' MB';
    function duration(seconds) {
        const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
        return h ? h + ' h ' + String(m).padStart(2, '0') + ' min' : m ? m + ' min ' + s % 60 + ' s' : s + ' s';
    }
    const curve = name => data.curves.find(c => c.name === name);

    // ---- What the run is ----------------------------------------------------------------------
    function put_facts() {
        const per_step = curve('seconds_per_step'), left = Math.max(data.last_step - data.step, 0);
        const epochs = data.epoch_steps ? data.last_step / data.epoch_steps : 0;
        const facts = [['Step', data.step.toLocaleString('en') + ' of ' + data.last_step.toLocaleString('en')]];
        if (epochs)
            facts.push(['Epoch', (data.step / data.epoch_steps).toFixed(2) + ' of ' + +epochs.toFixed(2)]);
        if (per_step && per_step.last > 0) {
            facts.push(['Speed', short(data.step_pictures / per_step.last) + ' pictures/s']);
            if (data.live && left) facts.push(['Left', duration(left * per_step.last)]);
        }
        for (const c of data.curves)
            if (c.name.startsWith('val_')) facts.push([c.name.slice(4) + ', validated', short(c.last)]);
        facts.push(['Device', data.device.name + ' (' + data.device.platform + ', driver ' + data.device.driver + ')']);
        facts.push(['Device memory', 'networks and Adam ' + bytes(data.device.network_bytes) + ', step ' +
            bytes(data.device.plan_bytes) + ' of ' + bytes(data.device.memory_bytes)]);
        if (data.damaged) facts.push(['Log', data.damaged + ' damaged lines are left out']);
        byId('facts').replaceChildren(...facts.map(([name, value]) => {
            const pair = element('div');
            pair.append(element('dt', name), element('dd', value));
            return pair;
        }));
        const share = data.last_step ? Math.min(100 * data.step / data.last_step, 100) : 0;
        byId('done').setAttribute('aria-valuenow', share.toFixed(1));
        byId('done').firstElementChild.style.width = share + '%';
    }
    function put_state() {
        const age = Date.now() / 1000 - data.written;
        byId('state').textContent = (data.live ? 'Training; as of ' + duration(Math.max(age, 0)) + ' ago'
            : 'Ended ' + new Date(1000 * data.written).toLocaleString());
    }
    function put_files() {
        const names = data.checkpoints.slice().sort((a, b) => a[0].localeCompare(b[0], 'en', { numeric: true }));
        byId('checkpoints').replaceChildren(...names.map(([name, size]) => {
            const item = element('li');
            item.append(element('a', name, { href: encodeURIComponent(name) }), ' ' + bytes(size));
            return item;
        }));
    }
    function put_options() {
        const all = byId('defaults').checked, groups = new Map();
        for (const [group, name, value, initial] of data.options) {
            if (initial && !all) continue;
            if (!groups.has(group)) groups.set(group, element('table'));
            const row = element('tr');
            row.append(element('td', '--' + name), element('td', value === '' ? '(none)' : value));
            groups.get(group).append(row);
        }
        for (const [group, table] of groups) table.prepend(element('caption', group));
        byId('options').replaceChildren(...groups.values());
    }

    // ---- Samples ------------------------------------------------------------------------------
    function list_samples() {
        const list = [];
        for (const [file] of data.samples) {
            const found = /^(epoch|step)_(\d+)\.(png|jpg)$/.exec(file);
            if (!found) continue;
            const number = +found[2], step = found[1] === 'step' ? number : number * data.epoch_steps;
            if (step <= data.step)
                list.push({ file, step, text: found[1] === 'step' ? 'step ' + number
                    : 'end of epoch ' + number + ', step ' + step });
        }
        return list.sort((a, b) => a.step - b.step || a.file.localeCompare(b.file));
    }
    const address = i => 'samples/' + encodeURIComponent(samples[i].file);
    function show_sample(i) {
        if (!samples.length) return;
        shown = Math.max(0, Math.min(i, samples.length - 1));
        const text = samples[shown].text, slider = byId('slider');
        byId('picture').src = address(shown);
        byId('picture').alt = data.pictures.join(', ') + ' of a training picture at the ' + text;
        byId('which').textContent = text + ' (' + (shown + 1) + ' of ' + samples.length + ')';
        slider.value = shown;
        slider.setAttribute('aria-valuetext', text);
        for (const near of [shown + 1, shown - 1])
            if (samples[near]) new Image().src = address(near);
    }
    function put_samples() {
        const follows = shown < 0 || shown === samples.length - 1;
        samples = list_samples();
        byId('sample').hidden = !samples.length;
        byId('slider').max = Math.max(samples.length - 1, 0);
        byId('captions').replaceChildren(...data.pictures.map(name => element('span', name)));
        show_sample(follows ? samples.length - 1 : shown);
    }
    function play(on) {
        if (playing) clearInterval(playing);
        playing = on ? setInterval(() => show_sample((shown + 1) % samples.length), PLAY_MS) : null;
        byId('play').setAttribute('aria-pressed', String(on));
        byId('play').textContent = on ? 'Stop' : 'Play';
    }

    // ---- Curves -------------------------------------------------------------------------------
    // Of unequal scales: what belongs together has a chart of its own.
    function chart_of(name) {
        if (name === 'lr') return 'Learning rate';
        if (name === 'seconds_per_step') return 'Seconds per step';
        if (name.startsWith('val_')) return 'Validation: ' + name.slice(4);
        if (name.startsWith('D')) return 'Losses of discriminators';
        return /L1|cycle|idt/.test(name) ? 'Losses of generators: pictures' : 'Losses of generators: GAN';
    }
    // An average that weighs each value `keep` less than the next, without a bias at the begin.
    function smoothed(values, keep) {
        let sum = 0, weight = 0;
        return values.map(v => {
            sum = keep * sum + v;
            weight = keep * weight + 1;
            return sum / weight;
        });
    }
    function ticks(low, high, count) {
        const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
        const step = power * [1, 2, 5, 10].find(m => m * power >= rough * 0.999), list = [];
        for (let i = Math.ceil(low / step - 1e-9) + 0; i * step <= high + 1e-9 * step; i++) list.push(i * step);
        return list;
    }
    function log_ticks(low, high) {
        const list = [];
        for (let power = Math.floor(low); power <= high; power++)
            for (const m of high - low < 2 ? [1, 2, 5] : [1]) {
                const at = power + Math.log10(m);
                if (at >= low && at <= high) list.push(at);
            }
        return list;
    }
    function split(points) {
        const steps = [], values = [];
        for (let i = 0; i < points.length; i += 2) {
            steps.push(points[i]);
            values.push(points[i + 1]);
        }
        return { steps, values };
    }
    // From numbers to places in the drawing.
    function scales(lines, log) {
        let low = Infinity, high = -Infinity, last = 1;
        for (const line of lines)
            line.values.forEach((v, i) => {
                last = Math.max(last, line.steps[i]);
                if (log && v <= 0) return;
                low = Math.min(low, v);
                high = Math.max(high, v);
            });
        if (low > high) [low, high] = [log ? 0.1 : 0, 1];
        if (log) [low, high] = [Math.log10(low), Math.log10(high)];
        const margin = 0.05 * (high - low) || 0.5 * Math.abs(high) || 0.5;
        low -= margin;
        high += margin;
        const wide = WIDTH - EDGE.left - EDGE.right, tall = HEIGHT - EDGE.top - EDGE.bottom;
        return { low, high, last, log,
            x: step => EDGE.left + wide * step / last,
            step: x => last * (x - EDGE.left) / wide,
            y: v => EDGE.top + tall * (1 - ((log ? Math.log10(v) : v) - low) / (high - low)) };
    }
    function path(line, values, scale) {
        let text = '', pen = 'M';
        values.forEach((v, i) => {
            if (scale.log && v <= 0) { pen = 'M'; return; }
            text += pen + scale.x(line.steps[i]).toFixed(1) + ' ' + scale.y(v).toFixed(1);
            pen = 'L';
        });
        return text;
    }
    function put_axes(svg, scale) {
        for (const at of scale.log ? log_ticks(scale.low, scale.high) : ticks(scale.low, scale.high, 5)) {
            const value = scale.log ? 10 ** at : at, y = scale.y(value);
            svg.append(drawn('line', { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y, class: 'grid' }),
                drawn('text', { x: EDGE.left - 6, y: y + 4, class: 'label', 'text-anchor': 'end' },
                    short(Math.abs(value) < 1e-12 ? 0 : value)));
        }
        for (const step of ticks(0, scale.last, 6))
            svg.append(drawn('text', { x: scale.x(step), y: HEIGHT - 8, class: 'label', 'text-anchor': 'middle' },
                step.toLocaleString('en')));
    }
    function legend(line, colour) {
        const button = element('button', line.name, { type: 'button', class: 'legend',
            'aria-pressed': String(!hidden.has(line.name)), title: 'Show or hide ' + line.name });
        button.style.setProperty('--colour', colour);
        button.addEventListener('click', () => {
            if (!hidden.delete(line.name)) hidden.add(line.name);
            put_charts();
            byId('charts').querySelector('[title="' + CSS.escape(button.title) + '"]').focus();
        });
        return button;
    }
    function summary(title, lines) {
        return title + ' over ' + data.step + ' steps: ' + lines.map(l => l.name + ' from ' + short(l.values[0]) +
            ' to ' + short(l.last) + ', least ' + short(Math.min(...l.values)) + ', most ' +
            short(Math.max(...l.values))).join('; ');
    }
    // The values at a step, by pointer or arrow keys.
    function follow(svg, lines, scale) {
        const cursor = drawn('line', { class: 'cursor', y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: 'hidden' });
        let step = scale.last;
        svg.append(cursor);
        function show(x, y) {
            const nearest = lines.filter(l => !hidden.has(l.name)).map(line => {
                let best = 0;
                line.steps.forEach((s, i) => { if (Math.abs(s - step) < Math.abs(line.steps[best] - step)) best = i; });
                return { line, best };
            });
            if (!nearest.length) return;
            const at = nearest[0].line.steps[nearest[0].best], tip = byId('tip');
            cursor.setAttribute('x1', scale.x(at));
            cursor.setAttribute('x2', scale.x(at));
            cursor.setAttribute('visibility', 'visible');
            tip.textContent = 'step ' + at.toLocaleString('en') + '\n' + nearest.map(({ line, best }) =>
                line.name + '  ' + short(line.smooth[best]) + '  (' + short(line.values[best]) + ')').join('\n');
            tip.hidden = false;
            tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 8) + 'px';
            tip.style.top = Math.min(y + 14, innerHeight - tip.offsetHeight - 8) + 'px';
        }
        function hide() {
            cursor.setAttribute('visibility', 'hidden');
            byId('tip').hidden = true;
        }
        svg.addEventListener('pointermove', event => {
            const box = svg.getBoundingClientRect();
            step = Math.max(0, Math.min(scale.step((event.clientX - box.left) * WIDTH / box.width), scale.last));
            show(event.clientX, event.clientY);
        });
        svg.addEventListener('pointerleave', hide);
        svg.addEventListener('blur', hide);
        svg.addEventListener('keydown', event => {
            const way = { ArrowLeft: -1, ArrowRight: 1, Home: -100, End: 100 }[event.key];
            if (!way) return;
            event.preventDefault();
            step = Math.max(0, Math.min(step + way * scale.last / 100, scale.last));
            const box = svg.getBoundingClientRect();
            show(box.left + scale.x(step) * box.width / WIDTH, box.top);
        });
    }
    function chart(title, lines) {
        const box = element('div', undefined, { class: 'chart' }), legends = element('div', undefined, { class: 'legends' });
        const svg = drawn('svg', { viewBox: '0 0 ' + WIDTH + ' ' + HEIGHT, role: 'img', tabindex: 0,
            'aria-label': summary(title, lines) });
        const scale = scales(lines.filter(l => !hidden.has(l.name)), byId('log').checked);
        put_axes(svg, scale);
        lines.forEach((line, i) => {
            const colour = 'var(--line-' + i % 8 + ')';
            line.smooth = smoothed(line.values, line.name === 'lr' || line.name.startsWith('val_') ? 0
                : +byId('smooth').value);
            if (lines.length > 1) legends.append(legend(line, colour));
            if (hidden.has(line.name)) return;
            svg.append(drawn('path', { class: 'raw', d: path(line, line.values, scale), style: '--colour:' + colour }),
                drawn('path', { class: 'smooth', d: path(line, line.smooth, scale), style: '--colour:' + colour }));
        });
        follow(svg, lines, scale);
        box.append(element('h3', title), legends, svg);
        return box;
    }
    function put_charts() {
        const charts = new Map();
        for (const c of data.curves) {
            const title = chart_of(c.name);
            if (!charts.has(title)) charts.set(title, []);
            charts.get(title).push(Object.assign({ name: c.name, last: c.last }, split(c.points)));
        }
        const order = title => title.startsWith('Losses') ? 0 : title.startsWith('Val') ? 1 : 2;
        const titles = [...charts.keys()].sort((a, b) => order(a) - order(b));
        const focused = [...byId('charts').children].findIndex(c => c.contains(document.activeElement));
        byId('charts').replaceChildren(...titles.map(title => chart(title, charts.get(title))));
        if (focused >= 0 && byId('charts').children[focused])
            byId('charts').children[focused].querySelector('svg').focus({ preventScroll: true });
        if (!titles.length)
            byId('charts').append(element('p', 'The log has no line yet; it gets one every --print_freq steps.'));
    }

    // ---- Reading and events -------------------------------------------------------------------
    window.p2pRun = function (now) {
        const news = !data || now.written !== data.written || now.step !== data.step || now.live !== data.live;
        data = now;
        put_state();
        if (!news) return;
        document.title = data.name + (data.live ? ', training' : '');
        byId('name').textContent = data.name;
        put_facts();
        put_samples();
        put_charts();
        put_files();
        put_options();
    };
    function read() {
        const script = element('script', undefined, { src: 'index.js?' + Date.now() });
        script.onload = () => script.remove();
        script.onerror = () => {
            script.remove();
            if (!data) byId('state').textContent = 'index.js, with what the page shows, is not beside it.';
        };
        document.head.append(script);
    }
    setInterval(() => {
        if (data && data.live && !document.hidden) read();
    }, REFRESH_MS);
    byId('slider').addEventListener('input', event => show_sample(+event.target.value));
    byId('before').addEventListener('click', () => show_sample(shown - 1));
    byId('after').addEventListener('click', () => show_sample(shown + 1));
    byId('play').addEventListener('click', () => play(!playing));
    byId('log').addEventListener('change', put_charts);
    byId('defaults').addEventListener('change', put_options);
    byId('smooth').addEventListener('input', event => {
        byId('smooth-value').textContent = (+event.target.value).toFixed(2);
        put_charts();
    });
    read();
})();

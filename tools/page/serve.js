// The page of p2p-serve: the drawing goes to the server after each stroke, its answer is shown.
import { Drawing, coloursOf } from './draw.js';

const MOST_SIDE = 1024, MOST_COLOURS = 64;
// Where neither the model nor a sample tells colours: those of the CMP façades.
const FACADE = ['#0000aa', '#0000ff', '#0055ff', '#00aaff', '#00ffff', '#55ffaa', '#aaff55', '#ffff00',
  '#ffaa00', '#ff5500', '#ff0000', '#aa0000'];

const $ = (id) => document.getElementById(id);
const drawing = new Drawing($('input'), () => { stroked(); });
let models = [], model = null, palette = [], answer = null, running = null, again = false;
let token = new URLSearchParams(location.hash.slice(1)).get('token') ?? sessionStorage.token ?? '';

function tell(text, bad) {
  $('status').textContent = text;
  $('status').classList.toggle('bad', !!bad);
}

async function call(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { ...options, headers });
  $('ask').hidden = response.status !== 401;
  if (!response.ok) {
    const error = new Error((await response.text()).trim() || response.statusText);
    error.status = response.status;
    throw error;
  }
  return response;
}

// ---- Translating

// Models of grey label maps take the classes' numbers: PGM, which canvases do not write.
function classes() {
  const { data, width, height } = drawing.image();
  const head = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`);
  const file = new Uint8Array(head.length + width * height);
  const numbers = new Map(palette.map((colour, i) => [parseInt(colour.slice(1), 16), i]));
  file.set(head);
  for (let i = 0; i < width * height; i++)
    file[head.length + i] = numbers.get(data[4 * i] << 16 | data[4 * i + 1] << 8 | data[4 * i + 2]) ?? 0;
  return new Blob([file]);
}

function drawn() {
  if (model.label_colours === 'index') return classes();
  return new Promise((done) => $('input').toBlob(done, 'image/png'));
}

// One request at a time; strokes that come meanwhile are answered together, by the next.
async function stroked() {
  $('undo').disabled = !drawing.past.length;
  $('redo').disabled = !drawing.future.length;
  if (!model) return;
  if (running) { again = true; return; }
  running = new AbortController();
  try {
    const begin = performance.now();
    const response = await call(`translate?model=${encodeURIComponent(model.name)}`,
      { method: 'POST', body: await drawn(), headers: { Accept: 'image/png' }, signal: running.signal });
    show(await response.blob());
    const run = /run;dur=([\d.]+)/.exec(response.headers.get('Server-Timing') ?? '');
    tell(`${Math.round(performance.now() - begin)} ms${run ? `, ${Math.round(run[1])} in the network` : ''}`);
  } catch (error) {
    if (error.name !== 'AbortError') tell(error.message, true);
    again ||= error.status === 503;
    if (error.status === 503) await new Promise((done) => setTimeout(done, 1000));
  }
  running = null;
  if (again) { again = false; stroked(); }
}

function show(blob) {
  const old = $('output').src;
  answer = blob;
  $('output').src = URL.createObjectURL(blob);
  if (old.startsWith('blob:')) URL.revokeObjectURL(old);
  $('save').disabled = $('back').disabled = false;
}

// ---- Colours and tools

// Colours of classes as PASCAL VOC has them: the bits of the number, spread.
function vocColour(number) {
  const rgb = [0, 0, 0];
  for (let bit = 7; number; bit--, number >>= 3)
    for (let c = 0; c < 3; c++) rgb[c] |= (number >> c & 1) << bit;
  return '#' + rgb.map((v) => v.toString(16).padStart(2, '0')).join('');
}

function storedPalette() {
  if (!model.labels) return [];
  if (model.label_colours === 'index')
    return Array.from({ length: model.labels }, (_, i) => vocColour(i));
  return model.label_colours.split(',').filter(Boolean).map((c) => `#${c}`);
}

function setPalette(colours) {
  palette = colours;
  $('palette').replaceChildren(...colours.map((colour, i) => {
    const button = document.createElement('button');
    button.style.backgroundColor = colour;
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-label', `colour ${i + 1}, ${colour}`);
    button.title = colour;
    button.onclick = () => setColour(i);
    return button;
  }));
  if (model?.input_nc !== 1) addPicker();
  drawing.ground = colours[0];
  setColour(Math.min(1, colours.length - 1));
}

function addPicker() {
  const picker = document.createElement('input');
  picker.type = 'color';
  picker.setAttribute('aria-label', 'another colour');
  picker.oninput = () => { setColour(-1); drawing.colour = picker.value; };
  if (!model?.labels) $('palette').append(picker);
}

function setColour(i) {
  [...$('palette').querySelectorAll('button')].forEach((b, k) => b.setAttribute('aria-checked', k === i));
  if (palette[i]) drawing.colour = palette[i];
  if (drawing.tool === 'eraser') setTool('brush');
}

function setTool(name) {
  drawing.tool = name;
  for (const button of document.querySelectorAll('[data-tool]'))
    button.setAttribute('aria-pressed', button.dataset.tool === name);
}

function setSize(size) {
  $('size').value = size;
  drawing.size = Number($('size').value);
}

// ---- Pictures

async function load(blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    drawing.load(bitmap, MOST_SIDE);
    const colours = storedPalette().length ? [] : coloursOf(drawing.image(), MOST_COLOURS);
    if (colours.length > 1) setPalette(colours);
  } catch {
    tell('this is no picture that the browser reads', true);
  }
}

async function loadSample() {
  const index = Math.floor(Math.random() * model.samples);
  try {
    const at = `sample?model=${encodeURIComponent(model.name)}&index=${index}`;
    await load(await (await call(at)).blob());
  } catch (error) {
    tell(error.message, true);
  }
}

async function openCamera() {
  try {
    $('video').srcObject = await navigator.mediaDevices.getUserMedia(
      { video: { facingMode: 'environment' } });
    $('shot').showModal();
  } catch {
    tell('there is no camera, or it may not be used (localhost or HTTPS only)', true);
  }
}

function closeCamera() {
  $('video').srcObject?.getTracks().forEach((track) => track.stop());
  $('video').srcObject = null;
  $('shot').close();
}

async function takeShot() {
  const bitmap = await createImageBitmap($('video'));
  closeCamera();
  drawing.load(bitmap, MOST_SIDE);
}

function save() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(answer);
  link.download = `${model.name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- The beginning

async function choose(name) {
  model = models.find((m) => m.name === name) ?? models[0];
  $('sample').hidden = !model.samples;
  drawing.resize(model.size, model.size);
  setPalette(storedPalette().length ? storedPalette() : FACADE);
  drawing.fillAll();
  if (model.samples) await loadSample();
  else stroked();
}

async function begin() {
  try {
    models = (await (await call('models')).json()).models;
    if (token) sessionStorage.token = token;
    $('model').replaceChildren(...models.map((m) => new Option(m.name)));
    await choose(models[0].name);
  } catch (error) {
    tell(error.message, true);
  }
}

function onKey(event) {
  if (event.target.matches('input, select') || event.altKey) return;
  const key = event.key.toLowerCase();
  const tool = { b: 'brush', e: 'eraser', r: 'rectangle', f: 'fill' }[key];
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') { event.preventDefault(); event.shiftKey ? drawing.redo() : drawing.undo(); }
    if (key === 'y') { event.preventDefault(); drawing.redo(); }
  } else if (tool) setTool(tool);
  else if (key === '[' || key === ']') setSize(drawing.size + (key === ']' ? 2 : -2));
  else if (key >= '1' && key <= '9' && palette[key - 1]) setColour(key - 1);
}

const picture = (items) => [...items].find((f) => f.type.startsWith('image/'));
for (const button of document.querySelectorAll('[data-tool]'))
  button.onclick = () => setTool(button.dataset.tool);
$('size').oninput = () => setSize($('size').value);
$('model').onchange = () => choose($('model').value);
$('undo').onclick = () => drawing.undo();
$('redo').onclick = () => drawing.redo();
$('clear').onclick = () => drawing.clear();
$('sample').onclick = loadSample;
$('camera').onclick = openCamera;
$('take').onclick = takeShot;
$('leave').onclick = closeCamera;
$('shot').onclose = closeCamera;
$('save').onclick = save;
$('back').onclick = () => load(answer);
$('file').onchange = () => { if ($('file').files[0]) load($('file').files[0]); $('file').value = ''; };
$('ask').onsubmit = (e) => { e.preventDefault(); token = $('token').value; begin(); };
$('output').onload = () => { $('output').removeAttribute('width'); $('output').removeAttribute('height'); };
document.onkeydown = onKey;
document.onpaste = (e) => { const f = picture(e.clipboardData.files); if (f) load(f); };
document.ondragover = (e) => { e.preventDefault(); document.querySelector('main').classList.add('dropping'); };
document.ondragleave = () => document.querySelector('main').classList.remove('dropping');
document.ondrop = (e) => {
  e.preventDefault();
  document.ondragleave();
  const f = picture(e.dataTransfer.files);
  if (f) load(f);
};
setTool('brush');
begin();

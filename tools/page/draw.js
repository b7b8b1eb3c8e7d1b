// A canvas to draw label maps on: no blended edges, so that each pixel has a colour of the palette.
// Knows nothing of the server.

const MOST_UNDO = 60;

export class Drawing {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', { willReadFrequently: true });
    this.changed = changed;
    this.tool = 'brush';
    this.size = 6;
    this.colour = '#000000';
    this.ground = '#ffffff';
    this.past = [];
    this.future = [];
    this.from = null;
    canvas.addEventListener('pointerdown', (e) => this.begin(e));
    canvas.addEventListener('pointermove', (e) => this.move(e));
    for (const name of ['pointerup', 'pointercancel'])
      canvas.addEventListener(name, (e) => this.end(e));
    this.fillAll();
  }

  // ---- Strokes

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [Math.floor((event.clientX - box.left) * this.canvas.width / box.width),
      Math.floor((event.clientY - box.top) * this.canvas.height / box.height)];
  }

  begin(event) {
    if (event.button > 0 || this.from) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.remember();
    this.from = this.last = this.place(event);
    this.before = this.past[this.past.length - 1];
    this.context.fillStyle = this.tool === 'eraser' ? this.ground : this.colour;
    if (this.tool === 'fill') this.flood(...this.from);
    else if (this.tool !== 'rectangle') this.disk(...this.from);
  }

  move(event) {
    if (!this.from) return;
    for (const e of event.getCoalescedEvents?.() ?? [event]) {
      const to = this.place(e);
      if (this.tool === 'rectangle') this.rectangle(to);
      else if (this.tool !== 'fill') this.line(to);
      this.last = to;
    }
  }

  end(event) {
    if (!this.from) return;
    this.move(event);
    this.from = null;
    this.changed();
  }

  disk(x, y) {
    const r = this.size / 2;
    for (let dy = Math.ceil(-r); dy <= r; dy++) {
      const half = Math.floor(Math.sqrt(Math.max(0, r * r - dy * dy)));
      this.context.fillRect(x - half, y + dy, 2 * half + 1, 1);
    }
  }

  line([x, y]) {
    const [x0, y0] = this.last;
    const steps = Math.max(1, Math.abs(x - x0), Math.abs(y - y0));
    for (let i = 1; i <= steps; i++)
      this.disk(Math.round(x0 + (x - x0) * i / steps), Math.round(y0 + (y - y0) * i / steps));
  }

  rectangle([x, y]) {
    const [x0, y0] = this.from;
    this.context.putImageData(this.before, 0, 0);
    this.context.fillRect(Math.min(x, x0), Math.min(y, y0), Math.abs(x - x0) + 1, Math.abs(y - y0) + 1);
  }

  // All pixels of one colour that hang together by their sides.
  flood(x, y) {
    const { width, height } = this.canvas;
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const image = this.context.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(image.data.buffer);
    this.context.fillRect(x, y, 1, 1);
    const to = new Uint32Array(this.context.getImageData(x, y, 1, 1).data.buffer)[0];
    const from = pixels[y * width + x];
    const stack = from === to ? [] : [y * width + x];
    while (stack.length) {
      const at = stack.pop();
      if (pixels[at] !== from) continue;
      pixels[at] = to;
      if (at % width > 0) stack.push(at - 1);
      if (at % width < width - 1) stack.push(at + 1);
      if (at >= width) stack.push(at - width);
      if (at < width * (height - 1)) stack.push(at + width);
    }
    this.context.putImageData(image, 0, 0);
  }

  // ---- Whole pictures

  image() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  remember() {
    this.past.push(this.image());
    if (this.past.length > MOST_UNDO) this.past.shift();
    this.future = [];
  }

  show(image) {
    this.canvas.width = image.width;
    this.canvas.height = image.height;
    this.context.putImageData(image, 0, 0);
    this.changed();
  }

  step(from, to) {
    if (this.from || !from.length) return;
    to.push(this.image());
    this.show(from.pop());
  }

  undo() { this.step(this.past, this.future); }
  redo() { this.step(this.future, this.past); }

  fillAll() {
    this.context.fillStyle = this.ground;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  clear() {
    this.remember();
    this.fillAll();
    this.changed();
  }

  // A picture in its own size, but for sides beyond most.
  load(bitmap, most) {
    const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
    this.remember();
    this.canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    this.fillAll();
    this.context.imageSmoothingEnabled = scale < 1;
    this.context.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    this.changed();
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.past = [];
    this.future = [];
    this.fillAll();
  }
}

// The commonest colours of a picture, most pixels first; [] where it has too many to be a label map.
export function coloursOf(image, most) {
  const counts = new Map();
  for (const pixel of new Uint32Array(image.data.buffer))
    counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const common = [...counts].filter(([, n]) => n * 2000 > image.width * image.height);
  const covered = common.reduce((sum, [, n]) => sum + n, 0);
  if (common.length > most || covered * 10 < image.width * image.height * 9) return [];
  return common.sort((a, b) => b[1] - a[1]).map(([pixel]) =>
    '#' + [pixel, pixel >> 8, pixel >> 16].map((v) => (v & 255).toString(16).padStart(2, '0')).join(''));
}

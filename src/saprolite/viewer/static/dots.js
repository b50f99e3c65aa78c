// Dots where a trend is significant: as dense on the screen at any zoom, drawn anew after a move.

const { L } = window;
const STEP = 7; // pixels between dots
const RADIUS = 0.9;

const Dots = L.Layer.extend({
  initialize(options) { L.setOptions(this, options); },
  onAdd(map) {
    this._canvas = L.DomUtil.create("canvas", "dots leaflet-zoom-hide", map.getPanes().overlayPane);
    this._draw();
  },
  onRemove() { this._canvas.remove(); },
  getEvents() { return { moveend: this._draw, resize: this._draw }; },
  show(significant) {
    this._significant = significant;
    if (this._map) this._draw();
  },
  _draw() {
    const { grid } = this.options;
    const size = this._map.getSize();
    const canvas = this._canvas;
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, this._map.containerPointToLayerPoint([0, 0]));
    canvas.width = size.x * ratio;
    canvas.height = size.y * ratio;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    if (!this._significant) return;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = "#111";
    context.beginPath();
    const origin = this._map.getPixelOrigin().add(this._map.containerPointToLayerPoint([0, 0]));
    // Fixed to the map, so that dots do not swim while it is moved.
    for (let y = -(origin.y % STEP); y < size.y; y += STEP) {
      for (let x = -(origin.x % STEP); x < size.x; x += STEP) {
        const { lat, lng } = this._map.containerPointToLatLng([x, y]);
        const cell = grid.at(lat, lng);
        if (cell >= 0 && this._significant(cell)) {
          context.moveTo(x + RADIUS, y);
          context.arc(x, y, RADIUS, 0, 7);
        }
      }
    }
    context.fill();
  },
});

export const dots = (grid) => new Dots({ grid });

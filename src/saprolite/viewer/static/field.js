// The map of values: a canvas with one pixel a cell, which Leaflet stretches and moves.

const { L } = window;

const Canvas = L.ImageOverlay.extend({
  _initImage() {
    const canvas = this._image = L.DomUtil.create("canvas", "field leaflet-image-layer leaflet-zoom-animated");
    canvas.width = this.options.grid.columns;
    canvas.height = this.options.grid.rows;
  },
});

export function field(grid) {
  const layer = new Canvas("", [[grid.south, grid.west], [grid.north, grid.east]], { grid, interactive: false });
  layer.draw = (colours) => {
    const canvas = layer.getElement();
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let cell = 0; cell < colours.length; cell++) {
      const place = grid.position[cell];
      const row = Math.floor(place / grid.columns);
      pixels[(grid.rows - 1 - row) * grid.columns + (place - row * grid.columns)] = colours[cell];
    }
    context.putImageData(image, 0, 0);
  };
  return layer;
}

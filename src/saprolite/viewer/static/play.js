// Playing the years: the next one once the last is drawn, and not before it could be seen.

const PAUSE = 450; // ms

export function player(button, next) {
  let playing = false;
  async function run() {
    while (playing) {
      const pause = new Promise((resolve) => { setTimeout(resolve, PAUSE); });
      await next();
      await pause;
    }
  }
  function set(on) {
    if (on === playing) return;
    playing = on;
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", on ? "Stop" : "Play the years");
    if (on) run();
  }
  button.addEventListener("click", () => set(!playing));
  return { stop: () => set(false) };
}

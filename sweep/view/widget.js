// A sweep in a notebook: progress, learning curves, parallel coordinates, runs.
// Texts are the users' own: they are set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 460, HEIGHT = 250, LEFT = 52, TOP = 14, BOTTOM = 28, RIGHT = 12;

function element(name, attributes, ...children) {
  const svg = ["svg", "path", "line", "text", "title", "rect"].includes(name);
  const found = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) found.setAttribute(key, value);
  for (const child of children) found.append(child);
  return found;
}

function progress(state) {
  const bar = element("div", { class: "hs-bar", role: "img" });
  for (const [word, colour] of Object.entries(state.colours)) {
    const count = state.counts[word] || 0;
    if (!count || word === "waiting") continue;
    const share = (100 * count) / Math.max(1, state.total);
    bar.append(element("div", { style: `width:${share}%;background:${colour}`, title: `${count} ${word}` }));
  }
  const legend = element("div", { class: "hs-legend" });
  for (const [word, count] of Object.entries(state.counts)) {
    const dot = element("i", { style: `background:${state.colours[word]}` });
    legend.append(element("span", {}, dot, `${count} ${word}`));
  }
  return [bar, legend];
}

function head(state) {
  const title = element("div", { class: "hs-title" }, element("b", {}, state.id));
  const reason = state.reason ? ` (${state.reason})` : "";
  title.append(` · ${state.experiment} · ${state.status}${reason} · ${state.over}/${state.total} runs · ${state.time}`);
  if (!state.best) return [title];
  const arrow = state.goal === "maximize" ? "↑" : "↓";
  const best = element("div", {}, `best ${state.metric} ${arrow} `, element("b", {}, state.best.best));
  best.append(`  run ${state.best.run}  `, element("code", {}, state.best.hyperparameters));
  return [title, best];
}

function frame(label) {
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "hs-figure", role: "img", "aria-label": label });
  return svg;
}

function text(x, y, content, anchor, size) {
  return element("text", { x, y, "text-anchor": anchor, "font-size": size || 10, fill: "currentColor" }, content);
}

function short(value) {
  return Number(value.toPrecision(4)).toString();
}

function curves(state) {
  const svg = frame(`learning curves of ${state.metric}`);
  const points = state.curves.flatMap((curve) => curve.points);
  if (!points.length) {
    svg.append(text(WIDTH / 2, HEIGHT / 2, "no report yet", "middle"));
    return svg;
  }
  const last = Math.max(...points.map((p) => p[0]), 2);
  const low = Math.min(...points.map((p) => p[1])), high = Math.max(...points.map((p) => p[1]));
  const span = high - low || 1;
  const x = (n) => LEFT + ((n - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (v) => HEIGHT - BOTTOM - ((v - low) / span) * (HEIGHT - TOP - BOTTOM);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = low + share * span;
    svg.append(element("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), stroke: "#8884" }));
    svg.append(text(LEFT - 5, y(value) + 3, short(value), "end"));
  }
  svg.append(text(LEFT, HEIGHT - 12, "1", "middle"), text(WIDTH - RIGHT, HEIGHT - 12, `${last} reports`, "end"));
  svg.append(text(WIDTH / 2, HEIGHT - 12, state.metric, "middle", 11));
  for (const curve of [...state.curves].reverse()) {
    const best = state.best && curve.run === state.best.run;
    const d = curve.points.map((p, n) => `${n ? "L" : "M"}${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`).join("");
    const style = best ? { stroke: state.bestColour, "stroke-width": 2.5 } : { stroke: state.colours[curve.outcome], "stroke-width": 1.2, opacity: 0.7 };
    const end = curve.points[curve.points.length - 1];
    svg.append(element("path", { d, fill: "none", ...style }, element("title", {}, `run ${curve.run}: ${curve.outcome}, ${short(end[1])}`)));
    if (curve.points.length === 1) {
      svg.append(element("rect", { x: x(end[0]) - 1.5, y: y(end[1]) - 1.5, width: 3, height: 3, fill: style.stroke }));
    }
  }
  return svg;
}

function shade(share) {
  // viridis, five of its colours
  const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const place = Math.min(0.9999, Math.max(0, share)) * 4, n = Math.floor(place), part = place - n;
  const mix = stops[n].map((c, i) => Math.round(c + part * (stops[n + 1][i] - c)));
  return `rgb(${mix.join(",")})`;
}

function parallel(state) {
  const svg = frame("parallel coordinates");
  if (state.axes.length < 2) {
    svg.append(text(WIDTH / 2, HEIGHT / 2, "no hyperparameter differs yet", "middle"));
    return svg;
  }
  const x = (n) => 18 + (n / (state.axes.length - 1)) * (WIDTH - 78);
  const y = (place) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  for (const line of state.lines) {
    let d = "", pen = false;
    line.places.forEach((place, n) => {
      if (place === null) { pen = false; return; }
      d += `${pen ? "L" : "M"}${x(n).toFixed(1)},${y(place).toFixed(1)}`;
      pen = true;
    });
    svg.append(element("path", { d, fill: "none", stroke: shade(line.shade), "stroke-width": 1.3, opacity: 0.75 }));
  }
  state.axes.forEach((axis, n) => {
    svg.append(element("line", { x1: x(n), x2: x(n), y1: y(0), y2: y(1), stroke: "currentColor", opacity: 0.5 }));
    svg.append(text(n ? x(n) : 4, HEIGHT - 10, axis.label.slice(0, 16), n ? "middle" : "start", 11));
    for (const [place, label] of axis.ticks) {
      const tick = text(x(n) + 3, y(place) + 3, label.slice(0, 12), "start", 9);
      tick.setAttribute("class", "hs-tick");
      svg.append(tick);
    }
  });
  return svg;
}

function table(state) {
  const names = ["run", "status", "best", "last", "reports", "hyperparameters"];
  const header = element("tr", {}, ...names.map((name) => element("th", {}, name)));
  const rows = state.rows.map((row) => {
    const dot = element("i", { style: `background:${state.colours[row.outcome]}` });
    const status = element("td", { title: row.reason }, dot, row.outcome);
    const cells = [row.best, row.last, String(row.reports)].map((cell) => element("td", { class: "hs-number" }, cell));
    return element("tr", {}, element("td", { class: "hs-number" }, String(row.run)), status, ...cells, element("td", {}, element("code", {}, row.hyperparameters)));
  });
  return element("table", {}, element("thead", {}, header), element("tbody", {}, ...rows));
}

const STYLE = `
.hs { font: 13px/1.5 system-ui, sans-serif; color: inherit; max-width: 980px }
.hs code { font-size: 12px; background: none; color: inherit }
.hs-bar { display: flex; height: 10px; margin: 6px 0; border-radius: 5px; overflow: hidden; background: #8883 }
.hs-legend span { margin-right: 14px } .hs i { display: inline-block; width: 9px; height: 9px; border-radius: 5px; margin-right: 5px }
.hs-figures { display: flex; flex-wrap: wrap; gap: 8px } .hs-figure { flex: 1 1 420px; max-width: 480px }
.hs-tick { paint-order: stroke; stroke: var(--jp-layout-color0, white); stroke-width: 3px }
.hs table { font: inherit; border-collapse: collapse; margin-top: 6px } .hs th { text-align: left; font-weight: 600 }
.hs td, .hs th { padding: 1px 12px 1px 0; white-space: nowrap } .hs td.hs-number { text-align: right; font-variant-numeric: tabular-nums }
`;

function draw(model, el) {
  const state = model.get("state");
  if (!state || !state.id) return;
  const root = element("div", { class: "hs" }, element("style", {}, STYLE), ...head(state), ...progress(state));
  root.append(element("div", { class: "hs-figures" }, curves(state), parallel(state)), table(state));
  el.replaceChildren(root);
}

function render({ model, el }) {
  const again = () => draw(model, el);
  model.on("change:state", again);
  again();
  return () => model.off("change:state", again);
}

export default { render };

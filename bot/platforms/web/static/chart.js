// Charts that answer to the hand: figures at the pointer or the arrow keys, series switched on and off with the
// axis following, and a press on a moment that puts it into the next question. Without this file a chart is still
// a picture with its words and its table. The drawing itself is made in chart.py, with the same measures.
(() => {
  "use strict";
  const figures = new WeakMap();
  const svgNamespace = "http://www.w3.org/2000/svg";

  function stateOf(figure) {
    if (!figures.has(figure)) {
      const data = JSON.parse(figure.dataset.chart);
      const marker = document.createElementNS(svgNamespace, "line");
      marker.setAttribute("class", "at");
      figure.querySelector("svg").append(marker);
      const tip = document.createElement("div");
      tip.className = "chart-tip";
      tip.hidden = true;
      tip.setAttribute("aria-live", "polite");
      figure.querySelector(".plot").append(tip);
      figures.set(figure, { ...data, marker, tip, step: null });
    }
    return figures.get(figure);
  }

  const isOn = (figure, number) => figure.querySelectorAll(".legend button")[number]?.getAttribute("aria-pressed") !== "false";
  const x = (state, step) => state.left + (state.width - state.left - state.right) * (state.x.length > 1 ? step / (state.x.length - 1) : 0.5);
  const y = (state, value, bottom, top) => state.top + (state.height - state.top - state.bottom) * (1 - (value - bottom) / (top - bottom || 1));

  function niceCeiling(value) {
    if (value <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((nice) => nice >= value - 1e-12) ?? 10 * power;
  }

  const timeWords = (label) => {
    const at = new Date(label);
    return /^\d{4}-\d\d-\d\dT/.test(label) && !isNaN(at) ? label.slice(11, label.slice(17, 19) === "00" ? 16 : 19) : label;
  };

  // ------------------------------------------------------------ series on and off
  function redraw(figure) {
    const state = stateOf(figure);
    const shown = state.series.filter((_, number) => isOn(figure, number)).flatMap((series) => series.values.filter(Number.isFinite));
    const top = niceCeiling(Math.max(0, ...shown));
    const bottom = Math.min(0, ...shown);
    figure.querySelectorAll("path.line").forEach((path, number) => {
      path.style.display = isOn(figure, number) ? "" : "none";
      let down = false;
      path.setAttribute("d", state.series[number].values.map((value, step) => {
        if (!Number.isFinite(value)) { down = false; return ""; }
        const point = `${down ? "L" : "M"}${x(state, step).toFixed(1)} ${y(state, value, bottom, top).toFixed(1)}`;
        down = true;
        return point;
      }).join(" "));
    });
    const ticks = figure.querySelectorAll("text.tick");
    ticks.forEach((tick, number) => { tick.textContent = (bottom + (top - bottom) * number / (ticks.length - 1)).toLocaleString("en", { maximumSignificantDigits: 4 }); });
    if (state.step !== null) show(figure, state.step);
  }

  // ------------------------------------------------------------ figures at one moment
  function show(figure, step) {
    const state = stateOf(figure);
    state.step = Math.max(0, Math.min(state.x.length - 1, step));
    const at = x(state, state.step);
    for (const [name, value] of [["x1", at], ["x2", at], ["y1", state.top], ["y2", state.height - state.bottom]]) state.marker.setAttribute(name, value);
    state.marker.style.display = "";
    const rows = state.series.map((series, number) => ({ series, number })).filter(({ number }) => isOn(figure, number));
    const head = document.createElement("strong");
    head.textContent = timeWords(state.x[state.step]);
    const words = rows.map(({ series, number }) => {
      const row = document.createElement("span");
      const key = document.createElement("i");
      key.className = `key line-${number % state.colours + 1}`;
      row.append(key, `${series.name}: ${(series.values[state.step] ?? 0).toLocaleString("en")}`);
      return row;
    });
    const marks = state.marks.filter(([label]) => label === state.x[state.step]).map(([, text]) => Object.assign(document.createElement("em"), { textContent: text }));
    state.tip.replaceChildren(head, ...words, ...marks);
    state.tip.hidden = false;
    const share = at / state.width;
    state.tip.style.left = share > 0.6 ? "auto" : `calc(${(share * 100).toFixed(1)}% + 10px)`;
    state.tip.style.right = share > 0.6 ? `calc(${((1 - share) * 100).toFixed(1)}% + 10px)` : "auto";
  }

  function hide(figure) {
    const state = stateOf(figure);
    state.step = null;
    state.tip.hidden = true;
    state.marker.style.display = "none";
  }

  function stepAt(figure, clientX) {
    const state = stateOf(figure);
    const box = figure.querySelector("svg").getBoundingClientRect();
    const at = (clientX - box.left) / box.width * state.width;
    return Math.round((at - state.left) / (state.width - state.left - state.right) * (state.x.length - 1));
  }

  function askAround(figure) {
    const state = stateOf(figure);
    const question = document.getElementById("question");
    if (state.step === null || !question || question.value.trim() || !/T\d\d:\d\d/.test(state.x[state.step])) return;
    question.value = `What happened around ${state.x[state.step].slice(11, 16)} UTC?`;
    question.dispatchEvent(new Event("input", { bubbles: true }));
    question.focus();
  }

  const plotOf = (event) => event.target.closest?.(".chart[data-chart] svg");
  const figureOf = (node) => node.closest(".chart");
  document.addEventListener("pointermove", (event) => { const plot = plotOf(event); if (plot) show(figureOf(plot), stepAt(figureOf(plot), event.clientX)); });
  document.addEventListener("pointerout", (event) => {
    const plot = plotOf(event);
    if (plot && !plot.contains(event.relatedTarget) && event.pointerType === "mouse" && document.activeElement !== plot) hide(figureOf(plot));
  });
  document.addEventListener("focusout", (event) => { const plot = plotOf(event); if (plot) hide(figureOf(plot)); });
  document.addEventListener("click", (event) => {
    const plot = plotOf(event);
    if (plot) { show(figureOf(plot), stepAt(figureOf(plot), event.clientX)); askAround(figureOf(plot)); }
    const button = event.target.closest?.(".chart[data-chart] .legend button");
    if (button) {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
      redraw(figureOf(button));
    }
  });
  document.addEventListener("keydown", (event) => {
    const plot = plotOf(event);
    if (!plot) return;
    const figure = figureOf(plot), state = stateOf(figure), step = state.step ?? -1;
    const next = { ArrowRight: step + 1, ArrowLeft: Math.max(0, step - 1), Home: 0, End: state.x.length - 1 }[event.key];
    if (next !== undefined) { event.preventDefault(); show(figure, next); }
    if (event.key === "Enter") askAround(figure);
    if (event.key === "Escape" && state.step !== null) { event.stopPropagation(); hide(figure); }
  });
})();

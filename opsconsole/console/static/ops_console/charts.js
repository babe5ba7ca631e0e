/* Charts over data that the page carries. They change in place, take their colours from the stylesheet, and lead
   to the list of what was counted. Each has a table beside it that says the same. */
"use strict";

(() => {
  const charts = new Map();

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const read = (canvas) => document.getElementById(canvas.dataset.chart)?.textContent ?? "";

  function hatched(colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.globalAlpha = 0.35;
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 6, 6);
    pen.globalAlpha = 1;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift, 6);
      pen.lineTo(shift + 6, 0);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  function clock(bucket, step) {
    const [day, time] = bucket.from.split("T");
    if (step <= 1800) return time;
    const name = new Date(`${day}T00:00Z`).toLocaleDateString("en", { weekday: "short", day: "numeric", timeZone: "UTC" });
    return time === "00:00" ? name : `${name} ${time}`;
  }

  function datasets(data) {
    const line = token("--ops-surface") || "#fff";
    return data.statuses.map((status, place) => {
      const colour = token(`--ops-${status}-fill`) || "#888";
      const unfinished = hatched(colour);
      return {
        label: status[0].toUpperCase() + status.slice(1),
        status,
        data: data.buckets.map((bucket) => bucket.counts[place]),
        backgroundColor: data.buckets.map((bucket) => (bucket.open ? unfinished : colour)),
        borderColor: line,
        borderWidth: { top: 1 },
        borderSkipped: false,
        borderRadius: 2,
        maxBarThickness: 28,
        categoryPercentage: 0.92,
        barPercentage: 0.92,
      };
    });
  }

  function options(chart) {
    const ink = token("--ops-text-3");
    const grid = token("--ops-line");
    const font = { family: token("--ops-font") || "sans-serif", size: 11 };
    return {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      onClick: (event, _, drawn) => open(chart(), event, drawn),
      onHover: (event, found) => { event.native.target.style.cursor = found.length ? "pointer" : ""; },
      scales: {
        x: { stacked: true, grid: { display: false }, border: { color: grid }, ticks: { color: ink, font, maxRotation: 0, autoSkipPadding: 18 } },
        y: { stacked: true, beginAtZero: true, suggestedMax: 4, grid: { color: grid }, border: { display: false },
             ticks: { color: ink, font, precision: 0, maxTicksLimit: 6 } },
      },
      plugins: {
        legend: { position: "top", align: "end", labels: { color: token("--ops-text-2"), font, boxWidth: 10, boxHeight: 10, padding: 12 } },
        tooltip: {
          backgroundColor: token("--ops-raised"), titleColor: token("--ops-text"), bodyColor: token("--ops-text-2"),
          footerColor: ink, borderColor: token("--ops-line-strong"), borderWidth: 1, padding: 10, titleFont: font, bodyFont: font,
          footerFont: { ...font, weight: "normal" }, filter: (entry) => entry.raw > 0,
          callbacks: {
            title: ([first]) => first && period(chart().data, first.dataIndex),
            footer: (entries) => (entries.length ? "Click to see them" : ""),
          },
        },
      },
    };
  }

  function period(data, index) {
    const bucket = data.buckets[index];
    const words = `${bucket.from.replace("T", " ")} to ${bucket.to.slice(11)} UTC`;
    return bucket.open ? `${words}, so far` : words;
  }

  function open({ data }, event, drawn) {
    const [column] = drawn.getElementsAtEventForMode(event, "index", { intersect: false }, false);
    if (!column) return;
    const [bar] = drawn.getElementsAtEventForMode(event, "nearest", { intersect: true }, false);
    const bucket = data.buckets[column.index];
    const query = new URLSearchParams({ ended_from: bucket.from, ended_to: bucket.to });
    if (bar) query.set("status", drawn.data.datasets[bar.datasetIndex].status);
    location.assign(`${data.list}?${query}`);
  }

  function draw(canvas) {
    const text = read(canvas);
    const known = charts.get(canvas);
    if (!text || known?.text === text) return;
    const data = JSON.parse(text);
    const labels = data.buckets.map((bucket) => clock(bucket, data.step));
    if (known) {
      Object.assign(known, { text, data });
      known.drawn.data = { labels, datasets: datasets(data) };
      known.drawn.update("none");
      return;
    }
    const own = { text, data };
    charts.set(canvas, own);
    own.drawn = new Chart(canvas, { type: "bar", data: { labels, datasets: datasets(data) }, options: options(() => own) });
  }

  function redraw() {
    for (const [canvas, own] of charts) {
      if (!canvas.isConnected) {
        own.drawn.destroy();
        charts.delete(canvas);
        continue;
      }
      own.drawn.options = options(() => own);
      own.drawn.data.datasets = datasets(own.data);
      own.drawn.update("none");
    }
  }

  const drawAll = () => document.querySelectorAll("canvas[data-chart]").forEach(draw);

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("ops:refreshed", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
})();

/** The page's style. Colours are chosen for both modes; nothing is told by colour alone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2530, #e3e8ee);
  --soft: light-dark(#5b6775, #9aa7b5);
  --ground: light-dark(#ffffff, #12171d);
  --raised: light-dark(#f4f6f8, #1a212a);
  --rule: light-dark(#d8dee5, #2c3641);
  --writes: light-dark(#2f7fc1, #4a9be0);
  --reads: light-dark(#8a5a00, #e0a93b);
  --pages: light-dark(#7b4bb3, #b78ce8);
  --bad: light-dark(#c22a2a, #ff6b61);
  --good: light-dark(#1d7a3e, #58c27d);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 84rem;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
  color: var(--text); background: var(--ground);
}
h1 { font-size: 1.6rem; margin: 0 0 0.25rem; }
h2 { font-size: 1.2rem; margin: 0; }
h3 { font-size: 0.95rem; margin: 1.25rem 0 0.25rem; }
p { margin: 0.25rem 0; }
.soft { color: var(--soft); }
a { color: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5rem 0; }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
td.number, th.number { text-align: right; }
.summary { white-space: nowrap; font-size: 0.9em; }
.summary th, .summary td { padding-right: 0.6rem; }
.passed { color: var(--good); font-weight: 600; }
.MISSED { color: var(--bad); font-weight: 700; }
.skipped { color: var(--soft); font-weight: 600; }
section {
  margin: 1.5rem 0; padding: 1rem 1.25rem; background: var(--raised);
  border: 1px solid var(--rule); border-radius: 8px;
}
.columns { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.curve { display: block; width: 100%; min-width: 40rem; height: auto; margin-top: 0.75rem; font-size: 11px; }
.curve text { fill: var(--soft); }
.curve .grid { stroke: var(--rule); stroke-width: 1; }
.curve .axis { stroke: var(--soft); stroke-width: 1; }
.curve .writes { fill: var(--writes); fill-opacity: 0.35; stroke: var(--writes); stroke-width: 1.25; }
.curve .reads { fill: none; stroke: var(--reads); stroke-width: 1.25; }
.curve .pages { fill: none; stroke: var(--pages); stroke-width: 1.25; stroke-dasharray: 4 2; }
.curve .failed { fill: var(--bad); }
.curve .gap { fill: var(--bad); fill-opacity: 0.13; }
.curve .gap-label {
  fill: var(--bad); font-size: 13px; font-weight: 700;
  paint-order: stroke; stroke: var(--raised); stroke-width: 4px;
}
.curve .mark { stroke: var(--text); stroke-width: 1; stroke-dasharray: 2 2; }
.curve .label { fill: var(--text); paint-order: stroke; stroke: var(--raised); stroke-width: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.85rem; color: var(--soft); }
.legend span::before {
  content: ""; display: inline-block; width: 1.1em; height: 0.7em; margin-right: 0.4em;
  vertical-align: baseline;
}
.legend .writes::before { background: var(--writes); opacity: 0.6; }
.legend .reads::before { height: 2px; margin-bottom: 0.25em; background: var(--reads); }
.legend .pages::before {
  height: 0; margin-bottom: 0.25em; border-top: 2px dashed var(--pages);
}
.legend .failed::before { background: var(--bad); }
.legend .gap::before { background: var(--bad); opacity: 0.25; }
ol, ul { margin: 0.25rem 0; padding-left: 1.25rem; }
@media print { section { break-inside: avoid; } }
`;

import { shapes } from './arm-marks.ts'

/** The page's style sheet: calm on screen, light or dark, and plain on paper. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f9; --text: #1b2027; --muted: #5b6470; --line: #dde1e6; --rule: #b9c0c9;
  --good: #1a7044; --bad: #b3261e; --warn: #8a5800; --good-tint: #e8f4ed; --bad-tint: #fceeec; --warn-tint: #fdf3e0;
  --p0: #b45309; --p1: #1b66ad; --p2: #0f766e; --p3: #8b3fa8; --p4: #a3324a; --p5: #525c68;
  --c0: #7d6fb8; --c1: #3f9c8c; --c2: #d2a03f; --c3: #c06a84; --c4: #86a854; --c5: #a7afb9;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --raised: #1c2026; --text: #e4e7eb; --muted: #9ba5b1; --line: #2c323a; --rule: #49525d;
    --good: #6fcf97; --bad: #ff8f85; --warn: #efbd61; --good-tint: #17291f; --bad-tint: #331b1a; --warn-tint: #2d2413;
    --p0: #f0a45d; --p1: #6fb5f3; --p2: #5cc8bb; --p3: #cf97e6; --p4: #f08ca2; --p5: #aab4c0;
    --c0: #8577c4; --c1: #358a7c; --c2: #b98a2e; --c3: #ab5a73; --c4: #728f47; --c5: #6f7a86;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); -webkit-text-size-adjust: 100%;
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
}
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.25rem; font-size: 1.25rem; letter-spacing: -0.005em; }
h3 { margin: 1.75rem 0 0.25rem; font-size: 1rem; }
section { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
p { margin: 0.4rem 0; max-width: 46rem; }
ul { margin: 0.4rem 0; padding-left: 1.2rem; }
small, .muted, caption, .kicker { color: var(--muted); }
small { display: block; font-size: 0.8rem; line-height: 1.35; font-weight: 400; }
code { font: 0.88em ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, monospace; overflow-wrap: anywhere; }
a { color: inherit; }
.kicker { margin: 0 0 0.35rem; font-size: 0.85rem; }
.lead { margin-top: 1rem; font-size: 1.05rem; }
.verdict {
  margin-top: 1.5rem; padding: 1rem 1.25rem; border-left: 5px solid var(--muted); border-radius: 4px; background: var(--raised);
}
.verdict { overflow-wrap: anywhere; }
.verdict > p:first-child { margin: 0; font-size: 1.35rem; font-weight: 700; }
.verdict ul { margin-bottom: 0; }
.headlines { list-style: none; padding: 0; }
.headlines li { margin-top: 0.6rem; }
.headlines b { display: block; font-size: 1.1rem; line-height: 1.3; }
.basis { margin: 0.6rem 0 0; color: var(--muted); }
.contents { max-width: 68rem; margin: 1.5rem auto 0; padding: 0 1.5rem; font-size: 0.9rem; }
.contents ul { display: flex; flex-wrap: wrap; gap: 0.15rem 1.25rem; list-style: none; margin: 0; padding: 0; }
.verdict.pass { border-color: var(--good); background: var(--good-tint); }
.verdict.fail { border-color: var(--bad); background: var(--bad-tint); }
.verdict.inconclusive { border-color: var(--warn); background: var(--warn-tint); }
.notice { margin-top: 1rem; padding: 0.6rem 1.25rem; border-left: 5px solid var(--warn); border-radius: 4px; background: var(--warn-tint); }
.notice.bad { border-color: var(--bad); background: var(--bad-tint); }
.notice p { margin: 0.15rem 0; }
.notice p + p, .notice ul + p { margin-top: 0.6rem; }
.notice ul { margin: 0.15rem 0; }
b.pass, .applied { color: var(--good); }
b.fail, b.bad, .differs { color: var(--bad); }
b.inconclusive, b.warn, .unverified, .overruled { color: var(--warn); }
.tag {
  display: inline-block; padding: 0 0.45em; border: 1px solid var(--rule); border-radius: 3px; color: var(--muted);
  font-size: 0.72rem; line-height: 1.5; font-weight: 400; white-space: nowrap; vertical-align: 0.1em;
}
.tag.simulated { border-color: var(--warn); color: var(--warn); }
h1 .tag { font-size: 0.95rem; letter-spacing: 0; vertical-align: 0.35em; }
.scroll { overflow-x: auto; margin-top: 0.75rem; }
.scroll + .scroll, details + .scroll { margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: 0.85rem; padding-bottom: 0.35rem; }
/* A caption is as wide as its table: it has to stay in sight when the table is scrolled. */
caption span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 3rem); }
th, td { padding: 0.4rem 0.75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
/* First of its row only because the thing it belongs to spans several rows. */
td.arm:first-child { padding-left: 0.75rem; }
thead th { font-size: 0.85rem; font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--rule); }
thead th[colspan] { text-align: center; border-bottom-color: var(--line); font-weight: 400; }
tbody th { font-weight: 600; }
tbody th code, .name { white-space: nowrap; }
.wrap { white-space: normal; }
tbody + tbody th[scope=rowgroup] { padding-top: 1.5rem; }
th[scope=rowgroup] { border-bottom-color: var(--rule); }
tbody th[rowspan] { border-bottom-color: var(--line); }
.num { text-align: right; white-space: nowrap; }
td.num b { font-weight: 600; }
td.split, th.split { border-left: 1px solid var(--line); }
tr.documented > * { background: var(--raised); }
tr.documented > th:first-child { box-shadow: -0.6rem 0 0 var(--raised); }
.stop { min-width: 13rem; }
.text { min-width: 16rem; max-width: 34rem; }
.knob code { white-space: normal; }
.knob { min-width: 11rem; max-width: 24rem; }
.knob .note { margin-top: 0.15rem; }
.value { text-align: right; min-width: 6rem; max-width: 18rem; overflow-wrap: anywhere; }
.source { min-width: 7rem; overflow-wrap: anywhere; }
.profile::before {
  content: ''; display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.4em; background: currentColor;
}
${shapes.map(({ mask }, index) => `.profile.s${index}::before { clip-path: ${mask}; }`).join('\n')}
.profile.p0::before { background: var(--p0); } .profile.p1::before { background: var(--p1); }
.profile.p2::before { background: var(--p2); } .profile.p3::before { background: var(--p3); }
.profile.p4::before { background: var(--p4); } .profile.p5::before { background: var(--p5); }
.profile.c0::before { background: var(--c0); } .profile.c1::before { background: var(--c1); }
.profile.c2::before { background: var(--c2); } .profile.c3::before { background: var(--c3); }
.profile.c4::before { background: var(--c4); } .profile.c5::before { background: var(--c5); }
.profile { white-space: nowrap; }
.stroke { white-space: nowrap; }
.stroke::before {
  content: ''; display: inline-block; width: 1.4em; margin-right: 0.4em; border-top: 2px solid var(--muted); vertical-align: 0.25em;
}
.stroke.dashed::before { border-top-style: dashed; } .stroke.dotted::before { border-top-style: dotted; }
.notes { font-size: 0.85rem; color: var(--muted); }
.notes li { max-width: 46rem; margin: 0.3rem 0; }
figure { margin: 1.5rem 0 0; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.1rem 1.5rem; }
figcaption h3 { margin: 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0; padding: 0; font-size: 0.9rem; }
figure svg { display: block; width: 100%; height: auto; }
.chart { margin-top: 0.75rem; }
.chart .narrow { display: none; }
.timeline { margin-top: 0.75rem; display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.3rem 0.75rem; font-size: 0.85rem; align-items: center; }
.timeline > svg { height: 1.5rem; overflow: visible; }
.timeline .lane { overflow-wrap: anywhere; }
.timeline .axis { display: flex; justify-content: space-between; color: var(--muted); font-size: 0.8rem; }
.timeline .doing b {
  display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 400;
  padding: 0 0.3rem; border-left: 2px solid var(--page); background: var(--line); line-height: 1.5rem;
}
details { margin-top: 1rem; }
summary { cursor: pointer; font-weight: 600; padding: 0.2rem 0; }
summary .muted { font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.5rem; margin: 1.5rem 0 0; font-variant-numeric: tabular-nums; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: 1.25rem; padding-bottom: 3rem; color: var(--muted); font-size: 0.85rem; }
footer dl { margin: 0 0 0.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
:focus-visible { outline: 2px solid var(--p1); outline-offset: 2px; }
@media (max-width: 40rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; }
  .contents { padding: 0 1rem; }
  h1 { font-size: 1.6rem; }
  th, td { padding: 0.35rem 0.5rem; }
  td.arm:first-child { padding-left: 0.5rem; }
  .stop { min-width: 8rem; }
  .stroke, .legend .profile { white-space: normal; }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .verdict, .notice { padding-left: 0.9rem; padding-right: 0.9rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
}
@media print {
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding: 0; }
  section { margin-top: 1.5rem; }
  figure, tr, .verdict { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 0.2rem 0.4rem; overflow-wrap: anywhere; }
  .num, .name, .profile, tbody th code { white-space: normal; }
  .stop, .text, .knob, .value, .source { min-width: 0; }
  nav.contents { display: none; }
  details::details-content { content-visibility: visible; display: block; }
  .verdict, .notice, tr.documented > *, .profile::before { print-color-adjust: exact; }
}
`

/** The colours are those of the dashboard. On wide screens the navigation is next to the text. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --bg: light-dark(#f7f8fa, #101216); --surface: light-dark(#ffffff, #171a20);
  --sunken: light-dark(#f1f3f6, #0c0e12); --line: light-dark(#e2e5ea, #292e38); --line-strong: light-dark(#868e9b, #707989);
  --text: light-dark(#171a21, #e7e9ee); --muted: light-dark(#565e6c, #a2aab8); --accent: light-dark(#3d4ed8, #93a3ff);
  --accent-fill: light-dark(#3d4ed8, #4a5be6); --on-accent: #ffffff; --good: light-dark(#0f6b3c, #5fd394);
  --bad: light-dark(#b3261e, #ff9389); --warn: light-dark(#855000, #f2be62); --info: light-dark(#23539f, #8fbcff); }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--bg); }
a { color: var(--accent); text-decoration: none; }
main p a, main td a, a:hover { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; }
main { max-width: 52rem; padding: 1.5rem 1.25rem 6rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.75rem; }
h2 { margin: 3rem 0 1rem; padding-bottom: 0.35rem; border-bottom: 1px solid var(--line); font-size: 1.35rem; }
h3 { margin: 0; font-size: 1rem; }
h4 { margin: 1rem 0 0.25rem; font-size: 0.8rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--muted); }
h4 a { text-transform: none; letter-spacing: 0; }
p { margin: 0.5rem 0; }
nav { padding: 1.25rem; border-bottom: 1px solid var(--line); font-size: 0.9rem; }
nav strong { display: block; margin-top: 0.75rem; }
nav a { display: block; padding: 0.1rem 0; color: inherit; overflow-wrap: anywhere; }
nav .call { display: grid; grid-template-columns: 3.1rem minmax(0, 1fr); align-items: baseline; }
nav .method { font-size: 0.7rem; }
article { margin: 0 0 1.25rem; padding: 1rem 1.1rem; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; }
.method { font: 600 0.8rem ui-monospace, Menlo, Consolas, monospace; text-transform: uppercase; }
.get { color: var(--info); } .post { color: var(--good); } .put, .patch { color: var(--warn); } .delete { color: var(--bad); }
.path { font: 600 0.95rem ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft { color: var(--muted); font-size: 0.9rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
td { padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { width: 32%; }
td p { margin: 0; }
td p + p { margin-top: 0.2rem; }
details > summary { cursor: pointer; color: var(--accent); font-size: 0.9rem; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
body.searching main > :not(article, .nothing), body.searching nav strong { display: none; }
input, select, textarea { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--line-strong); border-radius: 6px; padding: 0.35rem 0.6rem; }
textarea { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.search { width: 100%; }
button { font: inherit; padding: 0.25rem 0.8rem; color: var(--text); background: var(--surface); border: 1px solid var(--line-strong); border-radius: 6px; cursor: pointer; }
button[type="submit"] { color: var(--on-accent); background: var(--accent-fill); border-color: var(--accent-fill); }
button:disabled { opacity: 0.6; }
.try { margin: 0.5rem 0; }
.trial { margin: 0.75rem 0; padding: 0.75rem 1rem; background: var(--bg); border: 1px solid var(--line); border-radius: 6px; }
.trial label { display: grid; grid-template-columns: minmax(9rem, auto) 4rem minmax(0, 1fr); gap: 0.5rem; align-items: center; margin: 0.3rem 0; font-size: 0.9rem; }
.trial textarea { grid-column: 1 / -1; width: 100%; }
.trial pre { max-height: 24rem; overflow: auto; }
@media (max-width: 40rem) { .trial label { grid-template-columns: 1fr; gap: 0.15rem; } }
@media (min-width: 62rem) {
  body { display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border-right: 1px solid var(--line); border-bottom: 0; }
  main { padding: 2rem 2.5rem 8rem; }
}
@media (max-width: 61.99rem) { nav .call { display: none; } nav strong { display: inline-block; margin: 0 0.9rem 0.25rem 0; } nav strong a { color: var(--accent); } }
`;

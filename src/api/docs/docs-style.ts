/** Colours follow the reader's system settings; on wide screens the navigation is next to the text. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --soft: #5b6675; --line: #dfe4ea; --back: #ffffff;
  --raised: #f5f7f9; --accent: #1d5fbf; --get: #1d6fb8; --post: #1c7c45; --put: #8a5a00; --patch: #8a5a00; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ee; --soft: #9aa5b4; --line: #2c3542; --back: #12161c;
  --raised: #1a2029; --accent: #7fb2f5; --get: #6cb2ee; --post: #63c98d; --put: #dfae55; --patch: #dfae55; --delete: #f08a83; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--back); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
main { max-width: 52rem; padding: 1.5rem 1.25rem 6rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.75rem; }
h2 { margin: 3rem 0 1rem; padding-bottom: 0.35rem; border-bottom: 1px solid var(--line); font-size: 1.35rem; }
h3 { margin: 0; font-size: 1rem; }
h4 { margin: 1rem 0 0.25rem; font-size: 0.8rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--soft); }
h4 a { text-transform: none; letter-spacing: 0; }
p { margin: 0.5rem 0; }
nav { padding: 1.25rem; border-bottom: 1px solid var(--line); font-size: 0.9rem; }
nav strong { display: block; margin-top: 0.75rem; }
nav a { display: block; padding: 0.1rem 0; color: inherit; overflow-wrap: anywhere; }
nav .method { display: inline-block; min-width: 4.4em; font-size: 0.7rem; }
article { margin: 0 0 1.25rem; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 8px; }
.method { font: 600 0.8rem ui-monospace, Menlo, Consolas, monospace; text-transform: uppercase; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.path { font: 600 0.95rem ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: 0.9rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
td { padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { width: 32%; }
td p { margin: 0; }
details > summary { cursor: pointer; color: var(--accent); font-size: 0.9rem; }
@media (min-width: 62rem) {
  body { display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border-right: 1px solid var(--line); border-bottom: 0; }
  main { padding: 2rem 2.5rem 8rem; }
}
@media (max-width: 61.99rem) { nav .call { display: none; } nav strong { display: inline-block; margin: 0 0.9rem 0.25rem 0; } nav strong a { color: var(--accent); } }
`;

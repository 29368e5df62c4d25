import { element } from './elements.ts';

type Section = { article: HTMLElement; link: HTMLElement | null; text: string };

/** Adds a field that hides all sections without the words, and their links in the navigation. `/` moves the focus there. */
export function addSearch(): void {
  const navigation = document.querySelector('nav');
  if (!navigation) return;
  const sections = [...document.querySelectorAll<HTMLElement>('main article')].map(sectionOf);
  const found = element('p', { class: 'soft', role: 'status' });
  const field = element('input', {
    type: 'search',
    class: 'search',
    'aria-label': 'Search the reference',
    placeholder: 'Search calls, schemas, errors',
    input: () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const count = sections.filter((section) => show(section, words)).length;
      document.body.classList.toggle('searching', words.length > 0);
      found.textContent = words.length === 0 ? '' : `${count === 0 ? 'Nothing' : count} found`;
      nothing.hidden = count > 0;
      scrollTo({ top: 0 });
    },
  });
  const nothing = element(
    'p',
    { class: 'nothing', hidden: true },
    'Nothing has all of these words. Try fewer.',
  );
  document.querySelector('main')?.prepend(nothing);
  navigation.prepend(field, found);
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    field.focus();
  });
}

const sectionOf = (article: HTMLElement): Section => ({
  article,
  link: document.querySelector<HTMLElement>(`nav a[href="#${CSS.escape(article.id)}"]`),
  text: searchedTextOf(article).toLowerCase(),
});

/** All of a schema or an error. Of a call without its tables of parameters and responses, which are alike in most calls. */
function searchedTextOf(article: HTMLElement): string {
  if (!article.matches('[data-operation]')) return article.textContent ?? '';
  const parts = [...article.querySelectorAll<HTMLElement>(':scope > h3, :scope > p, td:first-child > code')];
  return parts.map(({ textContent }) => textContent).join(' ');
}

/** Returns whether the section contains all words. */
function show({ article, link, text }: Section, words: string[]): boolean {
  const fits = words.every((word) => text.includes(word));
  article.hidden = !fits;
  if (link) link.hidden = !fits;
  return fits;
}

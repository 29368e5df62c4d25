/**
 * Defines `<posthorn-portal src="{link}">`, which shows the portal in a frame. It is loaded by pages of others as a plain
 * script, so it imports nothing, and leaves nothing else behind.
 */
(() => {
  /** The events of the element, by the messages of the portal. */
  const EVENTS = ['ready', 'navigate', 'session-expired', 'endpoint-created'];
  const INITIAL_HEIGHT = '560px';

  /** The portal that a link opens: its origin, and its path up to the project. */
  function portalOf(link: string): string {
    if (!URL.canParse(link, document.baseURI)) return link;
    const { origin, pathname } = new URL(link, document.baseURI);
    return origin + (/^.*\/portal\/[^/]+/.exec(pathname)?.[0] ?? pathname);
  }

  class PosthornPortal extends HTMLElement {
    static observedAttributes = ['src', 'theme-mode', 'accent', 'fixed'];

    #frame = this.#newFrame();
    #isReady = false;
    #wasRemoved = false;
    readonly #listen = (event: MessageEvent): void => this.#onMessage(event);

    constructor() {
      super();
      this.attachShadow({ mode: 'open' }).append(this.#frame);
    }

    connectedCallback(): void {
      if (this.style.display === '') this.style.display = 'block';
      addEventListener('message', this.#listen);
      // The browser loads a frame that was moved again, by the link that it began with.
      if (this.#wasRemoved) this.#open();
    }

    disconnectedCallback(): void {
      removeEventListener('message', this.#listen);
      this.#isReady = false;
      this.#wasRemoved = true;
    }

    attributeChangedCallback(name: string): void {
      if (name === 'src') this.#open();
      else if (name === 'fixed') this.#setHeight(undefined);
      else this.#sendTheme();
    }

    /** Leads to another page of the portal, such as `/deliveries`. */
    navigate(path: string): void {
      this.#send({ type: 'navigate', path });
    }

    /**
     * A portal that is shown keeps its place; it only gets the new link. In every other case it gets a new frame: one that is
     * still loading, or shows another portal, would not follow the link.
     */
    #open(): void {
      const url = this.getAttribute('src') ?? '';
      if (url === '') return;
      if (this.#isReady && portalOf(url) === portalOf(this.#frame.src)) {
        this.#send({ type: 'link', url: new URL(url, document.baseURI).href });
        return;
      }
      this.#isReady = false;
      const frame = this.#newFrame();
      frame.src = url;
      this.#frame.replaceWith(frame);
      this.#frame = frame;
    }

    #newFrame(): HTMLIFrameElement {
      const frame = document.createElement('iframe');
      frame.title = this.title || 'Webhooks';
      frame.allow = 'clipboard-write';
      const height = this.hasAttribute('fixed') ? '100%' : INITIAL_HEIGHT;
      Object.assign(frame.style, { width: '100%', height, border: '0', display: 'block' });
      return frame;
    }

    #onMessage({ source, origin, data }: MessageEvent): void {
      if (source !== this.#frame.contentWindow || origin !== this.#origin()) return;
      if (data?.source !== 'posthorn' || data.version !== 1) return;
      const { source: _source, version: _version, type, ...detail } = data;
      if (type === 'resize') this.#setHeight(detail.height);
      if (type === 'ready' || type === 'session-expired') this.#isReady = true;
      if (type === 'ready') this.#sendTheme();
      if (EVENTS.includes(type)) this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    /** With the attribute `fixed`, the page itself gives the element a height. */
    #setHeight(height: unknown): void {
      if (this.hasAttribute('fixed')) this.#frame.style.height = '100%';
      else if (typeof height === 'number') this.#frame.style.height = `${height}px`;
    }

    #sendTheme(): void {
      const mode = this.getAttribute('theme-mode') ?? undefined;
      const accent = this.getAttribute('accent') ?? undefined;
      if (this.#isReady && (mode || accent)) this.#send({ type: 'theme', mode, accent });
    }

    /** Of the link: everything else is not the portal. */
    #origin(): string | undefined {
      const { src } = this.#frame;
      return src === '' ? undefined : new URL(src).origin;
    }

    #send(message: { type: string; [member: string]: unknown }): void {
      const origin = this.#origin();
      if (origin === undefined) return;
      this.#frame.contentWindow?.postMessage({ source: 'posthorn', version: 1, ...message }, origin);
    }
  }

  if (!customElements.get('posthorn-portal')) customElements.define('posthorn-portal', PosthornPortal);
})();

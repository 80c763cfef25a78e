/**
 * Keeps the keyboard's place. What has the focus may go away (a row, a notice, a dialog) or be switched off (a button whose command
 * is on its way); the browser then gives the focus to nothing, and Tab begins at the top. Here it goes to what is nearest instead.
 */
import { useEffect } from 'react';

const focusable = [
  'a[href]',
  'button:not(:disabled)',
  'input:not(:disabled)',
  'select:not(:disabled)',
  'textarea:not(:disabled)',
  '[tabindex]:not([tabindex="-1"])',
].join(',');
/** Dialogs give the focus back themselves a moment after they close. */
const PATIENCE_MS = 80;

interface Level {
  readonly parent: Element;
  readonly next: Element | null;
  readonly previous: Element | null;
}

/** Where something stands: its neighbors on every level up to the page. */
function trailOf(element: Element): readonly Level[] {
  const trail: Level[] = [];
  for (let at = element; at.parentElement !== null && at !== document.body; at = at.parentElement)
    trail.push({
      parent: at.parentElement,
      next: at.nextElementSibling,
      previous: at.previousElementSibling,
    });
  return trail;
}

function firstIn(element: Element | null): HTMLElement | null {
  if (element === null || !element.isConnected) return null;
  const all = element.matches(focusable) ? [element] : [...element.querySelectorAll(focusable)];
  return (
    all.find(
      (element): element is HTMLElement =>
        element instanceof HTMLElement && element.offsetParent !== null,
    ) ?? null
  );
}

function nearest(trail: readonly Level[]): HTMLElement | null {
  for (const { parent, next, previous } of trail) {
    const found =
      firstIn(next) ?? firstIn(previous) ?? (parent === document.body ? null : firstIn(parent));
    if (found !== null) return found;
  }
  return null;
}

const isNothing = (): boolean =>
  document.activeElement === null || document.activeElement === document.body;

/** Focus on something that cannot have it by itself. */
function rest(element: HTMLElement): void {
  if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

export function useFocusRestoration(): void {
  useEffect(() => {
    let last: HTMLElement | null = null;
    let trail: readonly Level[] = [];
    /** The place on the page itself, for when a dialog closes and what opened it is gone. */
    let outside: readonly Level[] = [];
    let opener: HTMLElement | null = null;
    let dialog: Element | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** What was switched off while it had the focus, and where the focus waits for it. */
    let waiting: { readonly wanted: HTMLElement; readonly at: HTMLElement } | null = null;

    const remember = (): void => {
      const now = document.activeElement;
      if (!(now instanceof HTMLElement) || now === document.body) return;
      if (waiting !== null && now !== waiting.at) waiting = null;
      last = now;
      trail = trailOf(now);
      dialog = now.closest('[role=dialog]');
      if (dialog === null) {
        outside = trail;
        opener = now;
      }
    };
    /** The element itself, or what is shown now under its name. */
    const again = (entry: HTMLElement | null): HTMLElement | null => {
      if (entry === null || entry.isConnected) return entry;
      return entry.id === '' ? null : document.getElementById(entry.id);
    };
    const settle = (): void => {
      if (waiting !== null && document.activeElement === waiting.at) {
        if (waiting.wanted.isConnected && !waiting.wanted.matches(':disabled')) {
          const { wanted } = waiting;
          waiting = null;
          wanted.focus();
        }
        return;
      }
      if (!isNothing() || last === null || document.hidden) return;
      if (last.isConnected && last.matches(':disabled')) {
        const at = last.parentElement;
        if (at === null) return;
        const wanted = last;
        rest(at);
        waiting = { wanted, at };
      } else if (!last.isConnected) {
        // A row that was moved; what opened the dialog that closed; else what stands nearest.
        const closed = dialog?.isConnected === false;
        const to = again(last) ?? (closed ? (again(opener) ?? nearest(outside)) : nearest(trail));
        if (to !== null) to.focus();
        else {
          const main = document.querySelector('main');
          if (main !== null) rest(main);
        }
      }
    };
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(settle, PATIENCE_MS);
    };
    /** A row that was moved is another element of the same name: the next key must already find it. */
    const observer = new MutationObserver(() => {
      if (isNothing() && last?.isConnected === false && again(last) !== null) again(last)?.focus();
      else if (isNothing() || waiting !== null) later();
      else if (document.activeElement === last) remember();
    });
    observer.observe(document.body, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['disabled'],
    });
    document.addEventListener('focusin', remember);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener('focusin', remember);
    };
  }, []);
}

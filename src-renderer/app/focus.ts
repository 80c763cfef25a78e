/**
 * Restores keyboard focus. When the focused element is removed (a row, a notice, a dialog) or disabled (a button whose command is
 * pending), the browser moves focus to the body and Tab starts at the top. Focus moves to the nearest element instead.
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
/** Dialogs restore focus themselves shortly after they close, so wait for them. */
const SETTLE_DELAY_MS = 80;

interface Level {
  readonly parent: Element;
  readonly next: Element | null;
  readonly previous: Element | null;
}

/** Neighbors of an element on every level up to the body. */
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

/** Focuses an element that isn't focusable without a tabindex. */
function focusContainer(element: HTMLElement): void {
  if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

export function useFocusRestoration(): void {
  useEffect(() => {
    let last: HTMLElement | null = null;
    let trail: readonly Level[] = [];
    /** Position outside of dialogs, for a dialog whose opener is gone when it closes. */
    let outside: readonly Level[] = [];
    let opener: HTMLElement | null = null;
    let dialog: Element | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** An element that was disabled while focused, and the container that holds focus until it is enabled. */
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
    /** The element itself, or its replacement with the same id. */
    const connected = (entry: HTMLElement | null): HTMLElement | null => {
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
        focusContainer(at);
        waiting = { wanted, at };
      } else if (!last.isConnected) {
        // A moved row by its id, then the opener of a closed dialog, then the nearest element.
        const closed = dialog?.isConnected === false;
        const to =
          connected(last) ?? (closed ? (connected(opener) ?? nearest(outside)) : nearest(trail));
        if (to !== null) to.focus();
        else {
          const main = document.querySelector('main');
          if (main !== null) focusContainer(main);
        }
      }
    };
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLE_DELAY_MS);
    };
    /** A moved row is a new element with the same id; focus it before the next key event. */
    const observer = new MutationObserver(() => {
      if (isNothing() && last?.isConnected === false && connected(last) !== null)
        connected(last)?.focus();
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

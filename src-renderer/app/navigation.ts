/** Which screen is shown. The address keeps it, so that a reload and the back button stay true. */
import { create } from 'zustand';
import { screenTable, type Screen } from '../../src-main/contract/index.ts';

const isScreen = (value: string): value is Screen =>
  screenTable.some((screen) => screen.id === value);

export const useNavigation = create<{ readonly screen: Screen }>(() => ({
  screen: fromAddress() ?? 'dashboard',
}));

function fromAddress(): Screen | null {
  const name = location.hash.replace(/^#\/?/, '').split('?', 1)[0] ?? '';
  return isScreen(name) ? name : null;
}

export function go(screen: Screen): void {
  if (location.hash === `#/${screen}`) useNavigation.setState({ screen });
  else location.hash = `#/${screen}`;
}

/** A name that comes from outside: a notice, the menu. What is no screen leads to the dashboard. */
export function goTo(name: string): void {
  go(isScreen(name) ? name : 'dashboard');
}

addEventListener('hashchange', () => {
  useNavigation.setState({ screen: fromAddress() ?? 'dashboard' });
});

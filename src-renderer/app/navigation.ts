/** The current screen, stored in the URL hash so that reload and the back button work. */
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

/** Opens a screen by a name from a notice or the menu; unknown names open the dashboard. */
export function goTo(name: string): void {
  go(isScreen(name) ? name : 'dashboard');
}

addEventListener('hashchange', () => {
  useNavigation.setState({ screen: fromAddress() ?? 'dashboard' });
});

/** Which screen is shown. The address keeps it, so that a reload and the back button stay true. */
import { create } from 'zustand';

export const screens = ['dashboard', 'data', 'queue', 'models', 'config', 'logs'] as const;
export type ScreenName = (typeof screens)[number];

const isScreen = (value: string): value is ScreenName => screens.some((one) => one === value);

export const useNavigation = create<{ readonly screen: ScreenName }>(() => ({
  screen: fromAddress() ?? 'dashboard',
}));

function fromAddress(): ScreenName | null {
  const name = location.hash.replace(/^#\/?/, '');
  return isScreen(name) ? name : null;
}

export function go(screen: ScreenName): void {
  if (location.hash === `#/${screen}`) useNavigation.setState({ screen });
  else location.hash = `#/${screen}`;
}

/** Screens that are not built yet lead to the nearest one that is. */
export function goTo(name: string): void {
  go(isScreen(name) ? name : 'dashboard');
}

addEventListener('hashchange', () => {
  useNavigation.setState({ screen: fromAddress() ?? 'dashboard' });
});

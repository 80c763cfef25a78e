/**
 * Settings: what belongs to this window and this machine; what belongs to the training is in Config.
 * Promises: a setting that the surroundings cannot keep is said so, and where it can be set.
 * Never: shows a token before it is asked for.
 */
export { SettingsScreen } from './settings.tsx';

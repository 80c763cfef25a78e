/**
 * Settings: preferences of this window and this machine. Settings of the training are in Config.
 * Promises: a setting that isn't available here says where it is.
 * Never: shows a token before the user asks for it.
 */
export { SettingsScreen } from './settings.tsx';

/** Style sheets are imported for their effect; the bundler collects them. */
declare module '*.css';
declare module '@fontsource-variable/inter/standard.css';
declare module '@fontsource-variable/jetbrains-mono/wght.css';

/** Global style sheets are imported for their effect. */
declare module '@fontsource-variable/inter/standard.css';
declare module '@fontsource-variable/jetbrains-mono/wght.css';

/** A CSS module maps its class names to the generated ones; tests/unit checks that each name exists. */
declare module '*.module.css' {
  const classes: Readonly<Record<string, string>>;
  export default classes;
}

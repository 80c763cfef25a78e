/** Which words the keys of this keyboard have. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

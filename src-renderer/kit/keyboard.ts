/** Decides between Cmd and Ctrl in the labels of shortcuts. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

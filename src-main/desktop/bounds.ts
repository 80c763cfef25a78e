/** Whether a window may be put back where it was. Pure. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whether enough of its title bar lies on a screen that is still there to take hold of it. */
export function isVisible(bounds: Rectangle, areas: readonly Rectangle[]): boolean {
  return areas.some(
    (area) =>
      bounds.x < area.x + area.width - 100 &&
      bounds.x + bounds.width > area.x + 100 &&
      bounds.y >= area.y - 20 &&
      bounds.y < area.y + area.height - 40,
  );
}

/** Whether the saved window position is still usable. Pure. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** True if enough of the title bar is on a connected screen to drag the window. */
export function isVisible(bounds: Rectangle, areas: readonly Rectangle[]): boolean {
  return areas.some(
    (area) =>
      bounds.x < area.x + area.width - 100 &&
      bounds.x + bounds.width > area.x + 100 &&
      bounds.y >= area.y - 20 &&
      bounds.y < area.y + area.height - 40,
  );
}

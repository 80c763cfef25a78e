/** The roles of tokens.css as values, for canvases. Read again when the colors or the connection change. */
import { useMantineColorScheme } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useState } from 'react';

const roles = [
  'face',
  'line',
  'line-strong',
  'control',
  't1',
  't2',
  't3',
  'accent',
  'warn',
  'hatch',
] as const;
export type Colors = { readonly [K in (typeof roles)[number]]: string };

export function readColours(): Colors {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    roles.map((role) => [role, style.getPropertyValue(`--${role}`).trim()]),
  ) as Colors;
}

/** `#RRGGBB` or `rgb(…)` with an opacity. */
export function faint(color: string, opacity: number): string {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (hex === null) return color;
  const [r, g, b] = hex.slice(1).map((part) => Number.parseInt(part, 16));
  return `rgba(${String(r)},${String(g)},${String(b)},${String(opacity)})`;
}

/** `lost` is part of the key because the accent leaves the screen with the connection. */
export function useColours(lost: boolean): Colors {
  const { colorScheme } = useMantineColorScheme();
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)');
  const [colors, setColours] = useState(readColours);
  useEffect(() => {
    // The attribute on the root element is set in the same commit; one frame later its values are computed.
    const frame = requestAnimationFrame(() => {
      setColours((before) => {
        const now = readColours();
        return roles.every((role) => before[role] === now[role]) ? before : now;
      });
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [colorScheme, systemDark, lost]);
  return colors;
}

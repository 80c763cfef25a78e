/** Color tokens of tokens.css as values, because a canvas can't use CSS variables. */
import { useMantineColorScheme } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useState } from 'react';

const ROLES = [
  'face',
  'line',
  'line-strong',
  'control',
  't1',
  't2',
  't3',
  'accent',
  'warn',
  'warn-soft',
  'n3',
  'hatch',
] as const;
export type Colors = { readonly [K in (typeof ROLES)[number]]: string };

export function readColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    ROLES.map((role) => [role, style.getPropertyValue(`--${role}`).trim()]),
  ) as Colors;
}

/** `#RRGGBB` or `rgb(…)` with an opacity. */
export function faint(color: string, opacity: number): string {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (hex === null) return color;
  const [r, g, b] = hex.slice(1).map((part) => Number.parseInt(part, 16));
  return `rgba(${String(r)},${String(g)},${String(b)},${String(opacity)})`;
}

/** The current colors. `lost`: without a connection the accent color becomes gray. */
export function useColors(lost: boolean): Colors {
  const { colorScheme } = useMantineColorScheme();
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)');
  const [colors, setColors] = useState(readColors);
  useEffect(() => {
    // The theme attribute is set in the same commit; its values are computed by the next frame.
    const frame = requestAnimationFrame(() => {
      setColors((before) => {
        const now = readColors();
        return ROLES.every((role) => before[role] === now[role]) ? before : now;
      });
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [colorScheme, systemDark, lost]);
  return colors;
}

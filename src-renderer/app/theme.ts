/** The Mantine theme. The values are defined in tokens.css; those that Mantine needs in code are repeated here. */
import {
  Button,
  Checkbox,
  Modal,
  Radio,
  SegmentedControl,
  Slider,
  Tooltip,
  createTheme,
  rem,
  virtualColor,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const flat = (hex: string): MantineColorsTuple => [
  hex,
  hex,
  hex,
  hex,
  hex,
  hex,
  hex,
  hex,
  hex,
  hex,
];
const pair = (name: string, dark: string, light: string) => ({
  [name]: virtualColor({ name, dark: `${name}Dark`, light: `${name}Light` }),
  [`${name}Dark`]: flat(dark),
  [`${name}Light`]: flat(light),
});
const onInk = { '--checkbox-icon-color': 'var(--inverse)', '--radio-icon-color': 'var(--inverse)' };

/** Heights, paddings and font sizes of controls in bars (xs), screens (sm) and dialogs (md), pixels. */
const controls = {
  xs: { height: 24, padding: 8, font: 12 },
  sm: { height: 28, padding: 10, font: 13 },
  md: { height: 32, padding: 14, font: 13 },
} as const;

export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  colors: {
    ...pair('ink', '#EBEDF0', '#18191C'),
    ...pair('live', '#76B6F7', '#145EC1'),
    ...pair('fail', '#EE6C72', '#960C18'),
    dark: [
      '#EBEDF0',
      '#ADB1B9',
      '#8E929B',
      '#6B707A',
      '#3A3D44',
      '#24272C',
      '#1A1C22',
      '#111317',
      '#0D0E12',
      '#0B0D10',
    ],
    gray: [
      '#F3F2EF',
      '#F2F1EE',
      '#E8E6E2',
      '#DEDDD9',
      '#C6C4BE',
      '#7D7B75',
      '#616469',
      '#4D5055',
      '#2B2D31',
      '#18191C',
    ],
  },
  primaryColor: 'ink',
  primaryShade: 6,
  autoContrast: true,
  cursorType: 'default',
  respectReducedMotion: true,
  // A class without rules, because Mantine's own would remove the focus ring that :focus-visible draws.
  focusClassName: 'focusable',
  fontSizes: { xs: rem(11), sm: rem(12), md: rem(13), lg: rem(15), xl: rem(18) },
  lineHeights: { xs: '14px', sm: '16px', md: '20px', lg: '20px', xl: '24px' },
  fontWeights: { regular: '400', medium: '560', bold: '600' },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  radius: { xs: rem(2), sm: rem(4), md: rem(6), lg: rem(10), xl: rem(10) },
  defaultRadius: 'sm',
  breakpoints: { xs: '40em', sm: '56.25em', md: '80em', lg: '100em', xl: '160em' },
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm', variant: 'default' },
      vars: (_theme, props) => {
        const size = controls[props.size as keyof typeof controls] as
          (typeof controls)['sm'] | undefined;
        if (size === undefined) return { root: {} };
        return {
          root: {
            '--button-height': rem(size.height),
            '--button-padding-x': rem(size.padding),
            '--button-fz': rem(size.font),
          },
        };
      },
    }),
    Checkbox: Checkbox.extend({
      defaultProps: { size: 'xs' },
      vars: () => ({ root: onInk }),
    }),
    Radio: Radio.extend({ defaultProps: { size: 'xs' }, vars: () => ({ root: onInk }) }),
    Modal: Modal.extend({
      defaultProps: {
        radius: 'lg',
        centered: true,
        transitionProps: { duration: 160 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300 } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs' } }),
    Slider: Slider.extend({ defaultProps: { size: 2, thumbSize: 12, label: null } }),
  },
});

const roles = {
  '--mantine-color-body': 'var(--face)',
  '--mantine-color-text': 'var(--t1)',
  '--mantine-color-bright': 'var(--t1)',
  '--mantine-color-dimmed': 'var(--t3)',
  '--mantine-color-placeholder': 'var(--t3)',
  '--mantine-color-anchor': 'var(--t1)',
  '--mantine-color-error': 'var(--fail)',
  '--mantine-color-default': 'transparent',
  '--mantine-color-default-color': 'var(--t1)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-ink-contrast': 'var(--inverse)',
  '--mantine-primary-color-contrast': 'var(--inverse)',
};

export const resolver: CSSVariablesResolver = () => ({ variables: {}, dark: roles, light: roles });

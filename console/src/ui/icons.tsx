// Our own line icons: 20 × 20, one stroke width, drawn in the current colour.
import type { ReactNode } from 'react';

const paths = {
  home: 'M3 9.5 10 3.5l7 6M5 8.2V16h10V8.2M8.5 16v-4.5h3V16',
  map: 'M3 5.5 7.5 4l5 2 4.5-1.5v10L12.5 16l-5-2L3 15.5ZM7.5 4v10M12.5 6v10',
  people: 'M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2.5 16.2c.3-2.8 2.3-4.4 5-4.4s4.7 1.6 5 4.4M13 4.2a2.6 2.6 0 0 1 0 5M14.5 12.2c1.7.6 2.8 2 3 4',
  box: 'm10 3 6.5 3.3v7.4L10 17l-6.5-3.3V6.3ZM3.5 6.3 10 9.7l6.5-3.4M10 9.7V17',
  star: 'm10 3.2 2 4.4 4.8.5-3.6 3.2 1 4.7L10 13.6 5.8 16l1-4.7L3.2 8.1 8 7.6Z',
  plan: 'M5 3h7l3 3v11H5ZM12 3v3h3M7.5 9.5h5M7.5 12.5h5',
  data: 'M10 8c3.6 0 6-1 6-2.3S13.6 3.5 10 3.5 4 4.5 4 5.7 6.4 8 10 8ZM4 5.7v8.6c0 1.2 2.4 2.2 6 2.2s6-1 6-2.2V5.7M4 10c0 1.2 2.4 2.2 6 2.2s6-1 6-2.2',
  live: 'M2.5 10h3.2l2-5.5 4 11 2.2-5.5h3.6',
  settings: 'M10 12.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2ZM10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5 15 15M15 5l-1.5 1.5M6.5 13.5 5 15',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  close: 'm5 5 10 10M15 5 5 15',
  down: 'm5.5 8 4.5 4.5L14.5 8',
  right: 'm8 5.5 4.5 4.5L8 14.5',
  left: 'M12 5.5 7.5 10l4.5 4.5',
  up: 'm5.5 12 4.5-4.5 4.5 4.5',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4 4',
  camera: 'M3 6.5h3L7.5 4.5h5L14 6.5h3v9H3ZM10 13.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4Z',
  export: 'M10 3v9M6.5 8.5 10 12l3.5-3.5M4 14v2.5h12V14',
  print: 'M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8V17H6Z',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.5V4M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1',
  moon: 'M16 11.8A6.5 6.5 0 0 1 8.2 4a6.5 6.5 0 1 0 7.8 7.8Z',
  auto: 'M10 3.5a6.5 6.5 0 1 0 0 13ZM10 3.5a6.5 6.5 0 0 1 0 13',
  check: 'm4 10.5 4 4 8-9',
  warn: 'M10 3.5 17.5 16h-15ZM10 8.5v3.5M10 14.2v.1',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9v4.5M10 6.5v.1',
  copy: 'M7 7h9v9H7ZM4 13V4h9',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6M8.5 9v5M11.5 9v5',
  plus: 'M10 4v12M4 10h12',
  refresh: 'M16 8.5A6.3 6.3 0 0 0 4.7 6.8M4 11.5a6.3 6.3 0 0 0 11.3 1.7M16 4v4.5h-4.5M4 16v-4.5h4.5',
  play: 'M6.5 4.5v11l9-5.5Z',
  pause: 'M7 4.5v11M13 4.5v11',
  stop: 'M5.5 5.5h9v9h-9Z',
  external: 'M8 4H4v12h12v-4M11 4h5v5M16 4l-7.5 7.5',
  user: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c.4-3.2 2.8-5 6-5s5.6 1.8 6 5',
  key: 'M7 13a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10.5 9.5H17v3M14 9.5v2.5',
  out: 'M8 4H4v12h4M8 10h9M13.5 6.5 17 10l-3.5 3.5',
  cart: 'M2.5 4h2.3l2 8.5h8l1.7-6H5.5M8 16.2v.1M14 16.2v.1',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18, title }: { name: IconName; size?: number; title?: string }): ReactNode {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden={title ? undefined : true} role={title ? 'img' : undefined}>
      {title ? <title>{title}</title> : null}
      <path d={paths[name]} />
    </svg>
  );
}

export function Compass({ size = 28 }: { size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect className="mark-ground" width="32" height="32" rx="8" />
      <path className="mark-light" d="M16 4.5 18.6 13.4 27.5 16 18.6 18.6 16 27.5 13.4 18.6 4.5 16 13.4 13.4Z" />
      <path
        className="mark-warm"
        d="M16 4.5 18.6 13.4 16 16Z M27.5 16 18.6 18.6 16 16Z M16 27.5 13.4 18.6 16 16Z M4.5 16 13.4 13.4 16 16Z"
      />
    </svg>
  );
}

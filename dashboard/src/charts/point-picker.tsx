import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import css from './chart.module.css';
import { BASELINE, MARGIN, type Plot } from './plot.ts';
import { endOf, zoomAround } from './series.ts';

type PointPickerProps = {
  label: string;
  data: Plot['data'];
  x: Plot['x'];
  point: number | undefined;
  textAt: (index: number) => string;
  onPick: (index: number | undefined) => void;
  onZoom?: (from: number, to: number) => void;
};

/**
 * Lies over a chart. By keyboard it is a slider over the points, whose value is read out; `+` and `-` zoom. By pointer it
 * shows the point below, and dragging chooses a time.
 */
export function PointPicker({ label, data, x, point, textAt, onPick, onZoom }: PointPickerProps) {
  const [dragFrom, setDragFrom] = useState<number>();
  const last = data.at.length - 1;
  const current = point ?? last;
  const indexUnder = (event: PointerEvent<HTMLElement>): number => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left + MARGIN.left;
    return Math.min(last, Math.max(0, Math.floor((x.invert(left) - data.at[0]!) / data.stepMs)));
  };
  const zoom = (factor: 0.5 | 2): void => {
    const times = zoomAround(data, current, factor);
    if (times) onZoom?.(...times);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => onPick(Math.max(0, current - 1)),
      ArrowDown: () => onPick(Math.max(0, current - 1)),
      ArrowRight: () => onPick(Math.min(last, current + 1)),
      ArrowUp: () => onPick(Math.min(last, current + 1)),
      Home: () => onPick(0),
      End: () => onPick(last),
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>): void => {
    const end = indexUnder(event);
    setDragFrom(undefined);
    if (dragFrom === undefined || dragFrom === end) return;
    onZoom?.(data.at[Math.min(dragFrom, end)]!, endOf(data, Math.max(dragFrom, end)));
  };
  const chosen =
    dragFrom === undefined || point === undefined ? undefined : [dragFrom, point].sort((a, b) => a - b);
  return (
    <>
      {chosen && (
        <div
          className={css.dragged}
          style={{
            left: x(data.at[chosen[0]!]!),
            width: x(endOf(data, chosen[1]!)) - x(data.at[chosen[0]!]!),
            top: MARGIN.top,
            height: BASELINE - MARGIN.top,
          }}
        />
      )}
      <div
        role="slider"
        tabIndex={0}
        className={css.picker}
        style={{ left: MARGIN.left, right: MARGIN.right, top: MARGIN.top, height: BASELINE - MARGIN.top }}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={current}
        aria-valuetext={textAt(current)}
        onFocus={() => onPick(current)}
        onBlur={() => onPick(undefined)}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => onPick(indexUnder(event))}
        onPointerLeave={(event) => {
          setDragFrom(undefined);
          if (document.activeElement !== event.currentTarget) onPick(undefined);
        }}
        onPointerDown={(event) => {
          // A finger scrolls the page instead.
          if (!onZoom || event.pointerType !== 'mouse') return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragFrom(indexUnder(event));
        }}
        onPointerUp={onPointerUp}
      />
    </>
  );
}

import { useEffect, useRef, useState } from 'react';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { useRowKeys } from '../../kit/keys.ts';
import { useNow } from '../../kit/time/clock.ts';
import { duration } from '../../kit/time/time.ts';
import { isOpen, type Lane, type LaneWords } from '../lane.ts';
import { laneAxis } from './lane-axis.ts';
import { LaneRow } from './lane-row.tsx';
import css from './timeline.module.css';

type TimelineProps = {
  event: Event;
  lanes: Lane[];
  selected: string | undefined;
  attempt: number | undefined;
  /** For readers who are not the operator. */
  words?: LaneWords;
  onChoose: (delivery: string, attempt?: number) => void;
};

/** One lane a delivery, on an axis that all share. */
export function Timeline({ event, lanes, selected, attempt, words, onChoose }: TimelineProps) {
  const now = useNow(1_000);
  const scale = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useRowKeys(() => [...(list.current?.children ?? [])] as HTMLElement[]);
  const width = useWidth(scale);
  const hasOpen = lanes.some(({ delivery }) => isOpen(delivery));
  const times = lanes.flatMap(({ attempts, details }) => [
    ...attempts.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs),
    ...(details?.plannedAttempts ?? []).map(({ at }) => Date.parse(at)),
  ]);
  const axis = laneAxis(Date.parse(event.createdAt), hasOpen ? [...times, now] : times);
  return (
    <div className={css.timeline}>
      <div className={css.axis} aria-hidden="true">
        <span className={css.axisLabel}>since it was accepted</span>
        <div ref={scale} className={css.scale}>
          {axis.ticks
            .filter((tick, index, all) => (tick.position - (all[index - 1]?.position ?? 0)) * width > 44)
            .map(({ seconds, position }) => (
              <span key={seconds} className={css.tick} style={{ left: `${position * 100}%` }}>
                {duration(seconds * 1_000)}
              </span>
            ))}
        </div>
        <span />
      </div>
      <ol ref={list} className={css.lanes}>
        {lanes.map((lane) => (
          <LaneRow
            key={lane.delivery.id}
            event={event}
            lane={lane}
            axis={axis}
            width={width}
            now={now}
            isSelected={lane.delivery.id === selected}
            attempt={lane.delivery.id === selected ? attempt : undefined}
            words={words}
            onChoose={onChoose}
          />
        ))}
      </ol>
    </div>
  );
}

function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

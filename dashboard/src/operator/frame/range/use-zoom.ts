import { useNavigate } from '@tanstack/react-router';

/** Shows a part of a chart on the whole screen, as a time range in the address. It ends now at the latest. */
export function useZoom(): (from: number, to: number) => void {
  const navigate = useNavigate();
  return (from, to) => {
    const isUntilNow = to >= Date.now();
    const beyond = Math.max(0, to - Date.now());
    void navigate({
      to: '.',
      search: (old: object) => ({
        ...old,
        range: undefined,
        since: new Date(from - beyond).toISOString(),
        until: isUntilNow ? undefined : new Date(to).toISOString(),
      }),
      resetScroll: false,
    });
  };
}

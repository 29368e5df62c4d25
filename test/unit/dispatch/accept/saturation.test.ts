import { createSaturation } from '../../../../src/dispatch/accept/saturation.ts';

/** With a clock and a utilization that the test sets. */
function saturationAt(utilization: number) {
  let time = 0;
  const current = { utilization };
  const saturation = createSaturation(
    () => time,
    () => current.utilization,
  );
  return {
    isCausedBy: saturation.isCausedBy,
    pass(ms: number) {
      time += ms;
    },
    setUtilization(value: number) {
      current.utilization = value;
    },
    post(projectId: string, posts: number) {
      for (let n = 0; n < posts; n++) saturation.recordPost(projectId);
    },
  };
}

test('a project with 40 posts in 100 ms saturates a process without idle time, and one with fewer does not', () => {
  const { post, pass, isCausedBy } = saturationAt(0.9);
  post('prj_a', 40);
  post('prj_b', 39);
  expect(isCausedBy('prj_a')).toBe(false);
  pass(100);
  expect(isCausedBy('prj_a')).toBe(true);
  expect(isCausedBy('prj_b')).toBe(false);
});

test('a process that is idle for more than half of the time is not saturated', () => {
  const { post, pass, setUtilization, isCausedBy } = saturationAt(0.4);
  post('prj_a', 500);
  pass(100);
  expect(isCausedBy('prj_a')).toBe(false);
  setUtilization(0.6);
  post('prj_a', 500);
  pass(100);
  expect(isCausedBy('prj_a')).toBe(true);
});

test('after a pause, no project saturates the process, and the first post is judged by the pause', () => {
  const { post, pass, isCausedBy } = saturationAt(0.9);
  post('prj_a', 500);
  pass(100);
  expect(isCausedBy('prj_a')).toBe(true);
  pass(1_000);
  post('prj_a', 1);
  expect(isCausedBy('prj_a')).toBe(false);
});

test('posts before a pause are not taken for a high rate after it', () => {
  const { post, pass, isCausedBy } = saturationAt(0.9);
  post('prj_a', 70);
  pass(200);
  expect(isCausedBy('prj_a')).toBe(false);
});

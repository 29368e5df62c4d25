import { spawn } from 'node:child_process';

/** Opens a URL in the user's browser where there is one; nothing happens elsewhere. */
export function openBrowser(url: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): void {
  const hasDisplay = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  const command = platform === 'darwin' ? 'open' : platform === 'linux' && hasDisplay ? 'xdg-open' : null;
  if (command === null) return;
  const child = spawn(command, [url], { detached: true, stdio: 'ignore' });
  child.on('error', () => {}); // not installed
  child.unref();
}

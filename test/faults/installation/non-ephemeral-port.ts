/** Below the range that the system gives to outgoing connections: nobody takes it while its server is down. */
export const nonEphemeralPort = (): number => 20_000 + Math.floor(Math.random() * 10_000);

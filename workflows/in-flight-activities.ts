/** The activities that run while the workflow's loop waits. If one throws, the workflow fails after all have settled. */
export class InFlightActivities {
  private readonly running = new Set<Promise<void>>();
  private failure: { error: unknown } | null = null;

  add(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.running.delete(tracked));
    this.running.add(tracked);
  }

  hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Waits for all activities, then throws the first failure, if any. */
  async finish(): Promise<void> {
    await Promise.all(this.running);
    if (this.failure) throw this.failure.error;
  }
}
